"""The doctor on healthy and on broken parts."""

import json
import socket
from pathlib import Path

import psycopg
import pytest

from tests.cli.commands import free_port, run_tollbook
from tollbook.config.embedded_postgres import running_embedded_postgres

pytestmark = pytest.mark.xdist_group("doctor")

PARTS = ["python", "home", "parts", "database", "tables", "work", "queue", "storage", "files"]
PARTS += ["engine", "lake"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with all tables."""
    home = tmp_path_factory.mktemp("doctor") / "home"
    assert run_tollbook(home, "migrate").returncode == 0
    return home


def findings(home: Path, **more: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status, and the findings by what was looked at."""
    done = run_tollbook(home, "doctor", "--json", more=more)
    assert done.stderr == ""
    return done.returncode, {each["what"]: each for each in json.loads(done.stdout)}


def test_a_healthy_home_is_healthy_in_every_part(home: Path) -> None:
    status, found = findings(home)
    assert [(what, each["health"]) for what, each in found.items()] == [
        (part, "ok") for part in PARTS
    ]
    assert status == 0


def test_people_get_a_table_with_a_line_for_each_part(home: Path) -> None:
    done = run_tollbook(home, "doctor")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:]] == PARTS


@pytest.mark.long
def test_missing_tables_are_named_with_the_command_that_makes_them(tmp_path: Path) -> None:
    status, found = findings(tmp_path / "new")
    assert status == 1
    assert found["tables"]["health"] == "broken"
    assert found["tables"]["mend"] == "run `tollbook migrate`"


@pytest.mark.long
def test_a_database_that_does_not_answer_is_broken_and_its_password_is_not_told(
    home: Path,
) -> None:
    address = f"postgresql://ann:s3cret@127.0.0.1:{free_port()}/book"
    status, found = findings(home, DATABASE_URL=address)
    assert status == 1
    assert found["database"]["health"] == "broken"
    assert "DATABASE_URL" in found["database"]["mend"]
    assert "s3cret" not in json.dumps(found)


@pytest.mark.long
def test_a_broker_that_does_not_answer_is_broken_and_the_rest_is_looked_at(home: Path) -> None:
    address = f"amqp://ann:s3cret@127.0.0.1:{free_port()}//"
    status, found = findings(home, BROKER_URL=address)
    assert status == 1
    assert found["queue"]["health"] == "broken"
    assert {each["health"] for what, each in found.items() if what != "queue"} == {"ok"}
    assert "s3cret" not in json.dumps(found)


@pytest.mark.long
def test_a_broker_that_accepts_and_says_nothing_does_not_hang_the_doctor(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"amqp://127.0.0.1:{silent.getsockname()[1]}//"
        status, found = findings(home, BROKER_URL=address)
    assert status == 1
    assert found["queue"]["health"] == "broken"


def test_storage_that_cannot_be_written_is_broken(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    status, found = findings(home, STORAGE_URL=f"file://{tmp_path}/file")
    assert status == 1
    assert found["storage"]["health"] == "broken"


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "address"), [("BROKER_URL", "kafka://broker"), ("DATABASE_URL", "no address")]
)
def test_an_address_that_is_none_is_named(home: Path, name: str, address: str) -> None:
    status, found = findings(home, **{name: address})
    assert status == 1
    assert found["book"]["health"] == "broken"


@pytest.mark.long
def test_the_secret_of_a_store_is_not_told(home: Path) -> None:
    place = f"endpoint_override=127.0.0.1:{free_port()}&scheme=http&region=us-east-1"
    _, found = findings(home, STORAGE_URL=f"s3://AKIA:s3cr%2Fet@results/a?{place}")
    assert found["storage"]["health"] == "broken"
    _, cut = findings(home, STORAGE_URL=f"s3://AKIA:s3cr/et@results/a?{place}")
    assert "write / as %2F" in cut["book"]["detail"]
    assert not any(part in json.dumps([found, cut]) for part in ("s3cr", "AKIA"))


@pytest.mark.long
def test_a_file_that_the_ledger_names_and_the_store_lacks_is_named(tmp_path: Path) -> None:
    assert run_tollbook(tmp_path, "migrate").returncode == 0
    with (
        running_embedded_postgres(tmp_path) as address,
        psycopg.connect(address) as connection,
    ):
        connection.execute(
            "INSERT INTO usage_usagesegment (day, key, rows, digest, file_task) "
            "VALUES ('2026-10-01', 'lake/usage/one.parquet', 1, '', gen_random_uuid())"
        )
    status, found = findings(tmp_path)
    assert status == 1
    assert found["files"]["health"] == "broken"
    assert "1 of 1 are missing, first lake/usage/one.parquet" in found["files"]["detail"]
