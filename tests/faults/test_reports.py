"""The real report by the real worker: the same bytes whatever breaks under it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pytest_django import DjangoDbBlocker

from tests.faults.house import House, kill_tree
from tests.faults.proxy import Proxy
from tests.faults.test_workers import ended, results_of
from tests.filetasks.asking import stored
from tests.loaded_book import LoadedBook, connected_to, name_of
from tests.patience import until
from tollbook.clients.models import User
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.demo.services import DemoBook, load_demo_book
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.services import cancel_file_task
from tollbook.reports.services import submit_report

ASKED = {"date_from": "2026-08-01", "date_to": "2026-11-01"}


@pytest.fixture
def book(loaded_book: LoadedBook, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoBook]:
    """The ledger of the test holds the demo book; ask for it before the house."""
    with loaded_book.copy() as url, connected_to(name_of(url)):
        with django_db_blocker.unblock():
            found = load_demo_book()
        yield found


def test_a_report_comes_out_the_same_whatever_breaks_under_it(
    book: DemoBook, house_behind_ledger: House, ledger: Proxy
) -> None:
    house = house_behind_ledger
    viewer = viewer_of(User.objects.get(email=book.operator_email))
    worker = house.start_tollbook_worker()
    house.start_beat()
    undisturbed = _ask(viewer)
    until(lambda: ended(undisturbed), seconds=60)
    assert stored(undisturbed).result_rows == book.live_expenses

    def restart_ledger() -> None:
        ledger.stop()
        ledger.start()

    def kill_worker() -> None:
        kill_tree(worker)
        house.start_tollbook_worker()

    already_read = {1, 2}  # what is read stays read, and is settled when the ledger is back
    for disturb, attempts in ((restart_ledger, already_read), (kill_worker, {2})):
        task = _disturbed(viewer, disturb)
        until(lambda task=task: ended(task), seconds=60)  # type: ignore[misc]
        assert stored(task).attempt in attempts
        assert stored(task).result_digest == stored(undisturbed).result_digest
        assert _bytes(task) == _bytes(undisturbed)
        result = stored(task).result_key
        until(lambda task=task, result=result: results_of(task) == [result])  # type: ignore[misc]

    _check_cancelled(viewer)


def _ask(viewer: Viewer) -> FileTask:
    return submit_report(
        viewer=viewer,
        template_code="ResellerExpenses",
        parameters=ASKED,
        request_id=None,
        now=datetime.now(UTC),
    )


def _disturbed(viewer: Viewer, disturb: Callable[[], None]) -> FileTask:
    """A report in whose middle ``disturb`` came; asked for again where it was quicker."""
    for _ in range(5):
        task = _ask(viewer)
        until(lambda task=task: _status(task.uuid) != TaskStatus.PENDING)  # type: ignore[misc]
        disturb()
        if stored(task).status != TaskStatus.COMPLETED:
            return task
    raise AssertionError("every report was done before it could be disturbed")


def _check_cancelled(viewer: Viewer) -> None:
    task = _ask(viewer)
    until(lambda: _status(task.uuid) != TaskStatus.PENDING)
    cancel_file_task(viewer=viewer, uuid=task.uuid, now=datetime.now(UTC))
    after = _ask(viewer)
    until(lambda: ended(after), seconds=60)
    assert _status(task.uuid) == TaskStatus.CANCELLED
    assert result_store().keys(f"results/{task.uuid}") == []


def _status(uuid: UUID) -> str:
    return FileTask.objects.values_list("status", flat=True).get(pk=uuid)


def _bytes(task: FileTask) -> bytes:
    with result_store().open(stored(task).result_key) as file:
        return bytes(file.read())
