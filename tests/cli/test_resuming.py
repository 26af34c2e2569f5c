"""Downloads from a running server over a connection that breaks."""

import io
from pathlib import Path

import pytest

from tests.faults.proxy import Proxy
from tests.scenarios.house import House
from tollbook_client import FileTask, Tollbook

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def autumn(demo: House) -> FileTask:
    question = {"date_from": "2026-08-01", "date_to": "2026-11-01"}
    with Tollbook(demo.url, demo.key) as book:
        return book.reports.wait(book.reports.create("ResellerExpenses", question).uuid)


@pytest.mark.parametrize("ending", ["csv", "json", "xlsx"])
def test_a_download_that_breaks_off_goes_on_to_the_very_same_bytes(
    demo: House, autumn: FileTask, ending: str, tmp_path: Path
) -> None:
    whole = io.BytesIO()
    proxy = Proxy(("127.0.0.1", demo.port))
    proxy.start()
    proxy.breaks_after = 100_000

    with (
        Tollbook(demo.url, demo.key) as direct,
        Tollbook(f"http://127.0.0.1:{proxy.port}", demo.key) as broken,
    ):
        direct.reports.download(autumn.uuid, ending, to=whole)
        saved = broken.reports.download(autumn.uuid, ending, to=tmp_path / "file")
    proxy.stop()
    assert saved.resumed == 1
    assert (tmp_path / "file").read_bytes() == whole.getvalue()


def test_the_same_request_id_is_the_same_report(demo: House, autumn: FileTask) -> None:
    question = {"date_from": "2026-08-01", "date_to": "2026-11-01"}
    with Tollbook(demo.url, demo.key) as book:
        again = book.reports.create("ResellerExpenses", question, request_id=autumn.uuid)
        assert again.uuid == autumn.uuid
        assert sum(task.uuid == autumn.uuid for task in book.reports.list()) == 1
