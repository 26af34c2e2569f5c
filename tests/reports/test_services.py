"""Asking for reports and opening their results, for who may and when it can be done."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.reports.book import OCTOBER, Book, add_expense, open_report, opened, submit
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import ResultNotReady
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.filetasks.services import Progress, TaskStopped, cancel_file_task, run_file_task
from tollbook.kernel.errors import Conflict, Forbidden, Gone, InvalidFields, NotFound
from tollbook.reports.services import submit_report, write_report
from tollbook.reports.tasks import generate_report

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_request_becomes_a_task_that_echoes_it(book: Book) -> None:
    task = submit(book.seller, client_id=str(book.fjord.id))
    assert task.task_type == TaskType.REPORT
    assert task.status == TaskStatus.PENDING
    assert task.template == "ResellerExpenses"
    assert task.client_id == book.fjord.id
    assert task.parameters == {
        "type": "ResellerExpenses",
        **OCTOBER,
        "client_id": book.fjord.id,
    }


def test_without_a_client_a_task_is_about_the_askers_own_account(book: Book) -> None:
    assert submit(book.admin).client_id == book.admin.reseller_id


def test_the_same_request_id_gives_the_same_task_and_another_request_a_conflict(
    book: Book,
) -> None:
    request_id = uuid4()
    first = submit(book.admin, request_id=request_id, client_id=book.fjord.id)
    again = submit(book.admin, request_id=request_id, client_id=str(book.fjord.id))
    assert first.uuid == again.uuid == request_id
    assert FileTask.objects.count() == 1
    with pytest.raises(Conflict):
        submit(book.admin, request_id=request_id, client_id=book.brook.id)


@pytest.mark.parametrize("code", ["ResellerPlan", "", "resellerexpenses", None, 5, [], {}, "a\0"])
def test_what_is_no_template_is_told_which_there_are(book: Book, code: Any) -> None:
    with pytest.raises(InvalidFields) as caught:
        submit_report(
            viewer=book.admin, template_code=code, parameters=OCTOBER, request_id=None, now=NOW
        )
    assert list(caught.value.errors) == ["template_code"]
    assert "ResellerExpenses" in caught.value.message
    assert FileTask.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "value"), [("currency", "XXX"), ("currency", "usd"), ("product_id", 999_999)]
)
def test_what_is_not_in_the_book_is_refused_by_name(book: Book, name: str, value: Any) -> None:
    with pytest.raises(InvalidFields) as caught:
        submit(book.admin, **{name: value})
    assert list(caught.value.errors) == [f"parameters.{name}"]
    assert str(value) in caught.value.message


def test_a_seller_cannot_ask_for_a_colleagues_client(book: Book) -> None:
    with pytest.raises(InvalidFields, match=f"There is no client {book.brook.id}"):
        submit(book.seller, client_id=book.brook.id)


def test_a_key_that_only_reads_cannot_ask(book: Book) -> None:
    with pytest.raises(Forbidden):
        submit(book.client)


def test_a_worker_is_woken_by_name_and_makes_the_report(book: Book) -> None:
    add_expense(book, book.fjord, date(2026, 10, 1), "1.5")
    task = submit(book.admin)
    assert generate_report.name == "reports.generate_report"
    generate_report(str(task.uuid))
    report = open_report(book.admin, task.uuid, datetime.now(UTC))
    assert report.result.rows == 1
    assert report.task.result_bytes == len(b"".join(report.result.pieces()))
    assert report.task.result_digest == report.result.summary.digest
    report.close()


def test_an_unfinished_report_says_where_it_stands(book: Book) -> None:
    task = submit(book.admin)
    with pytest.raises(ResultNotReady) as caught:
        open_report(book.admin, task.uuid, NOW)
    assert caught.value.status == TaskStatus.PENDING
    cancel_file_task(viewer=book.admin, uuid=task.uuid, now=NOW)
    with pytest.raises(ResultNotReady, match="was cancelled") as caught:
        open_report(book.admin, task.uuid, NOW)
    assert caught.value.status == TaskStatus.CANCELLED


def test_a_failed_report_gives_its_reason(book: Book) -> None:
    task = submit(book.seller, client_id=book.fjord.id)
    book.fjord.seller = None
    book.fjord.save()
    run_file_task(task.uuid, work=write_report)
    with pytest.raises(ResultNotReady, match="There is no client") as caught:
        open_report(book.seller, task.uuid, NOW)
    assert caught.value.status == TaskStatus.FAILED


def test_an_expired_result_is_gone_and_a_strangers_never_was(book: Book) -> None:
    report = opened(book.admin)
    report.close()
    with pytest.raises(NotFound):
        open_report(book.stranger, report.task.uuid, NOW)
    with pytest.raises(Gone):
        open_report(book.admin, report.task.uuid, datetime.now(UTC) + timedelta(days=91))
    result_store().delete(report.task.result_key)
    with pytest.raises(Gone):
        open_report(book.admin, report.task.uuid, NOW)


def test_stopped_work_leaves_no_file(book: Book) -> None:
    add_expense(book, book.fjord, date(2026, 10, 1), "1.5")
    task, progress = submit(book.admin), Progress()
    task.user_id = book.admin.user_id
    progress.stop()
    with pytest.raises(TaskStopped):
        write_report(task, progress)
    assert result_store().keys("results") == []


def test_the_file_tells_what_was_asked_in_words(book: Book) -> None:
    report = opened(book.seller, client_id=book.fjord.id)
    information = dict(report.result.information)
    report.close()
    assert information["Report"] == "Reseller expenses"
    assert information["Date from"] == "2026-10-01"
    assert information["Date to (exclusive)"] == "2026-11-01"
    assert information["Client id"] == str(book.fjord.id)
    assert information["Currency"] == "all"
    assert information["Include deleted"] == "no"
    assert information["Scope"].startswith(f"role seller, reseller id {book.seller.reseller_id}")
    assert information["Period state"] == "open"
    assert information["Data version"] == "no expenses"
