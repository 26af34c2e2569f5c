"""Closings whose workers die, or that come twice at once: nobody is billed twice or missed."""

from datetime import date

import pytest

from tests.faults.house import House, kill_tree
from tests.filetasks.asking import stored
from tests.invoicing.closings import OCTOBER, asked, check_books_balance, contents
from tests.patience import until
from tests.reports.book import Book, add_expense, open_book
from tollbook.clients.models import Client, Payer
from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.selectors import find_month_state
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import UNFINISHED, TaskStatus
from tollbook.invoicing.models import ClosingPart, Invoice
from tollbook.invoicing.rules import PartState

CLIENTS = 120


@pytest.fixture
def book(house: House) -> Book:
    """North with many clients, each with something to pay for October."""
    book = open_book()
    payer = Payer.objects.create(reseller_id=book.fjord.reseller_id, company_name="All")
    made = [
        Client(reseller_id=book.fjord.reseller_id, payer=payer, company_name=f"Client {number}")
        for number in range(CLIENTS)
    ]
    Client.objects.bulk_create(made)
    for client in Client.objects.filter(payer=payer):
        add_expense(book, client, date(2026, 10, 9), "1.004", kind="correction")
    return book


def ended(task: FileTask) -> bool:
    return TaskStatus(stored(task).status) not in UNFINISHED


def done_parts(task: FileTask) -> int:
    parts = ClosingPart.objects.filter(file_task_uuid=task.uuid)
    return parts.exclude(state=PartState.WAITING).count()


def check_closed_once(book: Book) -> None:
    reseller_id = book.fjord.reseller_id
    assert check_books_balance(reseller_id) == CLIENTS
    assert Invoice.objects.count() == CLIENTS
    assert find_month_state(reseller_id, OCTOBER).status == MonthStatus.CLOSED
    assert not ClosingPart.objects.exists()


def test_a_closing_whose_worker_was_killed_is_finished_by_another(house: House, book: Book) -> None:
    first = house.start_worker()
    task = asked(book.admin)
    until(lambda: done_parts(task) >= 3, seconds=120)
    kill_tree(first)
    left = CLIENTS - Invoice.objects.count()
    house.start_worker(slots=2)
    house.start_beat()

    until(lambda: ended(task), seconds=180)

    done = stored(task)
    assert done.status == TaskStatus.COMPLETED, done.processing_notes
    assert done.processing_notes["errors"] == []
    assert done.processing_notes["celery_group_id"]
    assert (done.attempt, done.result_rows) == (2, CLIENTS)
    assert left > 0
    check_closed_once(book)


def test_two_closings_of_a_month_at_once_bill_each_client_once(house: House, book: Book) -> None:
    tasks = [asked(book.admin), asked(book.operator, reseller=book.fjord.reseller_id)]
    for _ in range(2):
        house.start_worker(slots=2)

    until(lambda: all(ended(task) for task in tasks), seconds=240)

    for task in tasks:
        found = stored(task)
        codes = [error["code"] for error in found.processing_notes["errors"]]
        assert (found.status, codes) in [
            (TaskStatus.COMPLETED, []),
            (TaskStatus.FAILED, ["conflict"]),
        ]
    assert TaskStatus.COMPLETED in {TaskStatus(stored(task).status) for task in tasks}
    check_closed_once(book)


@pytest.mark.long
def test_a_closing_needs_no_message_but_the_first(house: House, book: Book) -> None:
    """Its group may be lost: the worker that has the task does all parts itself."""
    task = asked(book.admin)
    house.run(
        "from celery import current_app\n"
        "current_app.send_task = lambda *_, **__: None\n"
        "from uuid import UUID\n"
        "from tollbook.filetasks.services import run_file_task\n"
        "from tollbook.invoicing.services import close_period\n"
        f"run_file_task(UUID('{task.uuid}'), work=close_period)\n"
    )
    assert stored(task).status == TaskStatus.COMPLETED
    check_closed_once(book)


@pytest.mark.long
def test_running_again_after_it_all_changes_nothing(house: House, book: Book) -> None:
    house.start_worker(slots=2)
    first = asked(book.admin)
    until(lambda: ended(first), seconds=180)
    before = contents()
    again = asked(book.admin)
    until(lambda: ended(again), seconds=180)

    assert stored(again).result_digest == stored(first).result_digest
    assert contents() == before
    check_closed_once(book)
