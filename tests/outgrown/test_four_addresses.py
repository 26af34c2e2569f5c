"""The four addresses set: many machines, real services, and the answers of the embedded parts."""

import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.outgrown.books import MONTH, RESELLER, Answers, NoTrouble, lead_through, usage_file
from tests.outgrown.broker import Broker
from tests.outgrown.cluster import Cluster
from tests.outgrown.machines import Machine, kill_all
from tests.outgrown.trouble import Breakage
from tests.storage.conftest import SECRET
from tollbook.storage.files import open_file_store

pytestmark = [pytest.mark.timeout(1800), pytest.mark.xdist_group("outgrown")]

_SEGMENT: Final = f"segments/expenses/{RESELLER}/{MONTH}.parquet"
_OWN: Final = ["created_at", "updated_at"]
"""When a row was written: the book's own, whatever it says."""
_QUICK: Final = {"TOLLBOOK_LEASE_SECONDS": "6", "TOLLBOOK_SWEEP_SECONDS": "1"}


@dataclass(frozen=True)
class Start:
    """Where both ways begin: a loaded book, its backup, a key and a file of usage."""

    embedded: Machine
    archive: Path
    key: str
    usage: Path


@pytest.fixture
def start(_four_services: None, tmp_path: Path) -> Start:
    """The demo book on embedded parts, and its backup."""
    embedded = Machine(tmp_path / "embedded", _QUICK)
    embedded.run("demo", "--once")
    embedded.run("backup", str(tmp_path / "book.tar"))
    key = (embedded.home / "demo-key").read_text().strip()
    return Start(embedded, tmp_path / "book.tar", key, usage_file(embedded.home, tmp_path))


def test_two_web_and_three_worker_machines_answer_as_one_that_has_it_all_embedded(
    start: Start,
    broker: Broker,
    cluster: Cluster,
    s3_url: str,
    fresh_database_url: str,
    tmp_path: Path,
) -> None:
    expected, sealed = embedded_run(start)
    addresses = {
        "DATABASE_URL": fresh_database_url,
        "BROKER_URL": broker.url,
        "STORAGE_URL": s3_url,
        "ENGINE_URL": cluster.connect_url,
        "TOLLBOOK_SECRET_KEY": secrets.token_urlsafe(50),
        **_QUICK,
        **cluster.environment,
    }
    with running(tmp_path, addresses, start.archive) as (webs, workers, others):
        urls = (webs[0].url, webs[1].url)
        found = lead_through(urls, start.key, start.usage, Breakage(workers, broker))
        healthy = others[0].run("doctor")
    assert "broken" not in healthy
    assert found == expected
    check_sealed(s3_url, sealed, tmp_path)
    machines = [*webs, *workers, *others]
    assert [each.folder.name for each in machines if any(kept_files(each))] == []
    said = "".join(each.said() for each in machines) + cluster.said()
    assert SECRET not in said, "the key to the store is in a log"


def embedded_run(start: Start) -> tuple[Answers, pa.Table]:
    """The answers where nothing is set and nothing breaks, and the sealed month."""
    home = start.embedded
    home.start("up")
    try:
        home.wait()
        answers = lead_through((home.url, home.url), start.key, start.usage, NoTrouble())
    finally:
        home.kill()
    return answers, pq.read_table(home.home / "storage" / _SEGMENT)


@contextmanager
def running(
    folder: Path, addresses: Mapping[str, str], archive: Path
) -> Iterator[tuple[Sequence[Machine], Sequence[Machine], Sequence[Machine]]]:
    """Two web servers, three workers and a clock, after an office has brought the book over."""
    office, clock = (Machine(folder / name, addresses) for name in ("office", "clock"))
    webs = [Machine(folder / f"web-{number}", addresses) for number in (1, 2)]
    workers = [Machine(folder / f"worker-{number}", addresses) for number in (1, 2, 3)]
    try:
        office.run("restore", str(archive))
        for web in webs:
            web.start("web", "--port", str(web.port))
        for worker in workers:
            worker.start("worker", "-c", "1")
        clock.start("beat")
        for each in (*webs, *workers, clock):
            each.wait()
        yield webs, workers, (office, clock)
    finally:
        kill_all([*webs, *workers, clock])


def check_sealed(s3_url: str, expected: pa.Table, home: Path) -> None:
    """The sealed months hold the same, row by row."""
    with open_file_store(s3_url, home=home).open(_SEGMENT) as file:
        found = pq.read_table(io.BytesIO(file.read()))
    own = [name for name in _OWN if name in expected.schema.names]
    assert found.drop_columns(own).equals(expected.drop_columns(own))


def kept_files(machine: Machine) -> Iterator[Path]:
    """What a machine keeps of the book on its own disk: nothing that another might need."""
    kinds = ("*.parquet", "*.csv", "*.json", "*.part", "PG_VERSION")
    return (file for kind in kinds for file in machine.folder.rglob(kind))
