"""Closing a month: invoices that are exactly the expenses, once, whoever asks how often."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import IntegrityError, connection, transaction

from tests.filetasks.outcomes import rows_of
from tests.invoicing.closings import (
    NOVEMBER,
    OCTOBER,
    asked,
    check_books_balance,
    closed,
    contents,
)
from tests.invoicing.closings import spend as add_expense
from tests.reports.book import Book
from tollbook.catalog.models import Price
from tollbook.contracts.models import Subscription
from tollbook.expenses.models import Expense, MonthState
from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.segments import segment_digest
from tollbook.expenses.services import EXPENSE_SCHEMA
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.services import cancel_file_task, run_file_task
from tollbook.invoicing.models import ClosingHold, ClosingPart, Dispatch, Invoice
from tollbook.invoicing.rules import MoveType
from tollbook.invoicing.services import (
    close_client,
    close_period,
    release_abandoned_months,
    seal_month,
)
from tollbook.kernel.errors import Forbidden, InvalidFields
from tollbook.kernel.periods import month_of


def state_of(book: Book) -> MonthState | None:
    return MonthState.objects.filter(reseller_id=book.admin.reseller_id, month=OCTOBER).first()


def fill(book: Book) -> None:
    """October of North: Fjord pays in two currencies, Brook is owed something."""
    for day in range(1, 31):
        add_expense(book, book.fjord, date(2026, 10, day), "0.004", tax="0.0008")
    add_expense(book, book.fjord, date(2026, 10, 5), "100.10", currency=book.eur)
    add_expense(book, book.brook, date(2026, 10, 9), "-12.345678901234")
    add_expense(book, book.brook, date(2026, 10, 10), "0", item="Storage")
    add_expense(book, book.brook, date(2026, 9, 30), "77")
    add_expense(book, book.sand, date(2026, 10, 9), "55")
    add_expense(book, book.fjord, date(2026, 10, 9), "1000", deleted=True, reason="test")


def break_book(book: Book) -> None:
    """Brook is subscribed to what has no price in its currency."""
    expense = Expense.objects.filter(client=book.brook).first()
    assert expense is not None
    Subscription.objects.create(
        addendum_id=expense.addendum_id,
        plan_item_id=expense.plan_item_id,
        active_from=NOVEMBER.replace(month=8),
    )


def test_a_closed_month_has_an_invoice_for_each_client_and_currency(book: Book) -> None:
    fill(book)

    task = closed(book.admin)

    assert task.status == TaskStatus.COMPLETED, task.processing_notes
    assert check_books_balance(book.fjord.reseller_id) == 3
    invoices = {(i.client_id, i.currency.char_code): i for i in Invoice.objects.all()}
    dollars = invoices[book.fjord.pk, "USD"]
    assert (dollars.amount_untaxed, dollars.amount_tax) == (Decimal("0.12"), Decimal("0.02"))
    refund = invoices[book.brook.pk, "USD"]
    assert (refund.move_type, refund.amount_untaxed) == (MoveType.OUT_REFUND, Decimal("12.35"))
    assert refund.amount_total == Decimal("14.82")
    assert not Invoice.objects.filter(client=book.sand).exists()
    assert Dispatch.objects.count() == 3


def test_the_result_says_of_each_client_what_its_month_came_to(book: Book) -> None:
    fill(book)

    rows = rows_of(book.admin, closed(book.admin))

    assert [(row["client_id"], row["currency"], row["state"]) for row in rows] == [
        (book.fjord.pk, "EUR", "closed"),
        (book.fjord.pk, "USD", "closed"),
        (book.brook.pk, "USD", "closed"),
    ]
    for row in rows:
        assert row["expenses"] + row["credit"] + row["rounding"] == row["untaxed"]
        assert row["untaxed"] + row["tax"] == row["total"]
        assert row["error"] == ""
    assert rows[2]["total"] == Decimal("-14.82")
    assert rows[2]["invoices"] == Invoice.objects.get(client=book.brook).reference


def test_the_month_is_closed_and_sealed(book: Book) -> None:
    fill(book)

    closed(book.admin)

    state = state_of(book)
    assert state is not None
    assert state.status == MonthStatus.CLOSED
    assert state.segment_key is not None
    assert state.segment_digest == segment_digest(state.segment_key)
    assert not ClosingPart.objects.exists()
    assert not ClosingHold.objects.exists()


def test_closing_again_changes_nothing_and_says_the_same(book: Book) -> None:
    fill(book)
    first = closed(book.admin)
    before = contents()

    again = closed(book.admin)

    assert again.status == TaskStatus.COMPLETED
    assert contents() == before
    assert again.result_digest == first.result_digest


def test_a_dry_run_says_the_same_and_keeps_nothing(book: Book) -> None:
    fill(book)

    rehearsal = closed(book.admin, dry_run=True)

    assert rehearsal.status == TaskStatus.COMPLETED, rehearsal.processing_notes
    assert not Invoice.objects.exists()
    assert not Dispatch.objects.exists()
    assert state_of(book) is None
    assert closed(book.admin).result_digest == rehearsal.result_digest
    assert Invoice.objects.exists()


def test_a_dry_run_finds_what_a_closing_would(book: Book) -> None:
    fill(book)
    break_book(book)

    rehearsal, task = closed(book.admin, dry_run=True), closed(book.admin)

    assert rehearsal.result_digest == task.result_digest
    for kind in ("errors", "warnings"):
        assert rehearsal.processing_notes[kind] == task.processing_notes[kind]


def test_one_broken_client_stops_nobody_but_the_month(book: Book) -> None:
    fill(book)
    break_book(book)

    task = closed(book.admin)

    assert task.status == TaskStatus.COMPLETED
    (error,) = task.processing_notes["errors"]
    assert (error["code"], error["client_id"]) == ("unknown_price", book.brook.pk)
    assert {i.client_id for i in Invoice.objects.all()} == {book.fjord.pk}
    state = state_of(book)
    assert state is not None
    assert state.status == MonthStatus.OPEN
    rows = {row["client_id"]: row for row in rows_of(book.admin, task)}
    assert rows[book.fjord.pk]["state"] == "closed"
    assert rows[book.brook.pk]["state"] == "failed"
    assert "has no price in USD" in rows[book.brook.pk]["error"]


def test_what_was_mended_is_closed_by_the_next_closing_and_the_others_are_left_alone(
    book: Book,
) -> None:
    fill(book)
    break_book(book)
    closed(book.admin)
    fjords = Invoice.objects.filter(client=book.fjord)
    before = sorted(fjords.values_list("pk", flat=True))
    Price.objects.create(plan_item=book.items["CDN"], currency=book.usd, money_value=Decimal("0.5"))

    task = closed(book.admin)

    assert task.processing_notes["errors"] == []
    assert sorted(fjords.values_list("pk", flat=True)) == before
    assert check_books_balance(book.fjord.reseller_id) == 3
    state = state_of(book)
    assert state is not None
    assert state.status == MonthStatus.CLOSED


def test_where_nobody_can_be_closed_the_closing_has_failed(book: Book) -> None:
    add_expense(book, book.brook, OCTOBER, "1")
    break_book(book)

    task = closed(book.admin)

    assert task.status == TaskStatus.FAILED
    codes = [error["code"] for error in task.processing_notes["errors"]]
    assert codes == ["unknown_price", "nobody_closed"]
    assert not Invoice.objects.exists()


def test_a_month_without_expenses_is_closed_with_nothing(book: Book) -> None:
    task = closed(book.admin)

    assert (task.status, task.result_rows) == (TaskStatus.COMPLETED, 0)
    state = state_of(book)
    assert state is not None
    assert state.status == MonthStatus.CLOSED


def test_what_changed_between_two_closings_of_an_open_month_is_billed_as_a_difference(
    book: Book,
) -> None:
    fill(book)
    break_book(book)
    closed(book.admin)
    add_expense(book, book.fjord, date(2026, 10, 31), "5", currency=book.eur)
    Price.objects.create(plan_item=book.items["CDN"], currency=book.usd, money_value=Decimal(1))

    closed(book.admin)

    euros = Invoice.objects.filter(client=book.fjord, currency=book.eur).order_by("revision")
    assert [(i.revision, i.amount_untaxed) for i in euros] == [
        (1, Decimal("100.10")),
        (2, Decimal("5.00")),
    ]
    assert check_books_balance(book.fjord.reseller_id) == 3


def test_where_net_and_tax_differ_in_sign_there_is_an_invoice_and_a_refund(book: Book) -> None:
    add_expense(book, book.fjord, OCTOBER, "-10", tax_rate=Decimal(0))
    add_expense(book, book.fjord, OCTOBER, "9", tax_rate=Decimal(22))

    (row,) = rows_of(book.admin, closed(book.admin))

    both = Invoice.objects.order_by("revision")
    assert [(i.move_type, i.amount_untaxed, i.amount_tax) for i in both] == [
        (MoveType.OUT_INVOICE, 9, Decimal("1.98")),
        (MoveType.OUT_REFUND, 10, 0),
    ]
    assert (row["untaxed"], row["tax"], row["total"]) == (-1, Decimal("1.98"), Decimal("0.98"))
    assert check_books_balance(book.fjord.reseller_id) == 1
    assert closed(book.admin).result_rows == 1
    assert Invoice.objects.count() == 2


def test_only_the_clients_that_are_asked_for_are_closed(book: Book) -> None:
    fill(book)

    task = closed(book.admin, client_ids=[book.brook.pk])

    assert task.client_id == book.brook.pk
    assert {i.client_id for i in Invoice.objects.all()} == {book.brook.pk}
    state = state_of(book)
    assert state is not None
    assert state.status == MonthStatus.OPEN


def test_an_operator_closes_any_resellers_month(book: Book) -> None:
    fill(book)

    task = closed(book.operator, reseller=book.sand.reseller_id)

    assert [row["client_id"] for row in rows_of(book.operator, task)] == [book.sand.pk]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("month", {"month": "2026-11"}),
        ("month", {"month": "2026-13"}),
        ("month", {"month": "2026-10-01"}),
        ("month", {"month": None}),
        ("month", {"month": 202610}),
        ("month", {"month": "2027-02", "dry_run": True}),
        ("reseller", {"reseller": 10**9}),
        ("reseller", {"reseller": "1"}),
        ("client_ids", {"client_ids": []}),
        ("client_ids", {"client_ids": "1001"}),
        ("client_ids", {"client_ids": [True]}),
        ("client_ids", {"client_ids": [2**31]}),
        ("dry_run", {"dry_run": "yes"}),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(
    book: Book, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidFields) as caught:
        asked(book.admin, **({"month": "2026-10"} | changes))
    assert list(caught.value.errors) == [field]


def test_a_running_month_can_be_rehearsed_but_not_closed(book: Book) -> None:
    add_expense(book, book.brook, date(2026, 11, 1), "3")
    with pytest.raises(InvalidFields, match="can be closed from 2026-12-01 on"):
        asked(book.admin, "2026-11")

    task = closed(book.admin, "2026-11", dry_run=True)

    assert [row["total"] for row in rows_of(book.admin, task)] == [Decimal("3.60")]


def test_anothers_client_or_reseller_is_unknown(book: Book) -> None:
    with pytest.raises(InvalidFields, match=f"There is no client {book.sand.pk}"):
        asked(book.admin, client_ids=[book.brook.pk, book.sand.pk])
    with pytest.raises(InvalidFields, match="There is no reseller"):
        asked(book.admin, reseller=book.sand.reseller_id)
    with pytest.raises(InvalidFields, match="Say whose month it is"):
        asked(book.operator)


def test_sellers_and_clients_close_nothing(book: Book) -> None:
    for viewer in (book.seller, book.client):
        with pytest.raises(Forbidden):
            asked(viewer)


def test_while_a_month_is_being_closed_another_closing_of_it_is_refused(book: Book) -> None:
    fill(book)
    first = asked(book.admin)
    ClosingHold.objects.create(
        reseller_id=book.fjord.reseller_id, month=OCTOBER, file_task_uuid=first.uuid
    )

    second = closed(book.admin)

    assert second.status == TaskStatus.FAILED
    assert second.processing_notes["errors"][-1]["code"] == "conflict"
    run_file_task(first.uuid, work=close_period)
    assert check_books_balance(book.fjord.reseller_id) == 3


def test_a_month_whose_closing_was_cancelled_opens_again(book: Book) -> None:
    fill(book)
    task = asked(book.admin)
    state = MonthState.objects.create(
        reseller_id=book.fjord.reseller_id, month=OCTOBER, status=MonthStatus.CLOSING
    )
    ClosingHold.objects.create(
        reseller_id=book.fjord.reseller_id, month=OCTOBER, file_task_uuid=task.uuid
    )
    assert release_abandoned_months() == 0
    cancel_file_task(viewer=book.admin, uuid=task.uuid, now=NOVEMBER)

    assert release_abandoned_months() == 1

    state.refresh_from_db()
    assert state.status == MonthStatus.OPEN
    assert closed(book.admin).status == TaskStatus.COMPLETED


def test_many_who_close_a_client_at_once_bill_it_once(book: Book) -> None:
    fill(book)
    gate = threading.Barrier(4)

    def close(_: int) -> int:
        gate.wait(60)
        try:
            made = close_client(
                reseller_id=book.fjord.reseller_id,
                client_id=book.fjord.pk,
                month=month_of(OCTOBER),
                now=NOVEMBER,
            )
        finally:
            connection.close()
        return len(made)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(close, range(4)))

    assert sorted(made) == [0, 0, 0, 2]
    assert Invoice.objects.filter(client=book.fjord).count() == 2


def test_the_database_refuses_an_invoice_that_is_not_its_items(book: Book) -> None:
    fill(book)
    closed(book.admin)
    invoice = Invoice.objects.filter(client=book.fjord).first()
    assert invoice is not None
    item = invoice.items.first()
    assert item is not None
    for changes in (
        lambda: invoice.items.filter(pk=item.pk).update(amount=item.amount + 1),
        lambda: invoice.items.filter(pk=item.pk).update(printed_amount=item.printed_amount + 1),
        lambda: invoice.items.filter(pk=item.pk).delete(),
        lambda: Invoice.objects.filter(pk=invoice.pk).update(expenses_amount=7),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            changes()


def test_the_sealed_segment_holds_every_row_with_every_digit(book: Book) -> None:
    fill(book)
    add_expense(book, book.fjord, date(2026, 10, 2), "0.000000000001", comment='a "quote"\nand, é')
    add_expense(book, book.fjord, date(2026, 10, 2), "0.1", comment="")
    closed(book.admin)
    state = state_of(book)
    assert state is not None
    assert state.segment_key is not None

    table = pq.read_table(pa.BufferReader(result_store().open(state.segment_key).read()))

    assert table.schema.equals(EXPENSE_SCHEMA)
    names = table.schema.names
    in_ledger = Expense.objects.filter(
        reseller_id=book.fjord.reseller_id, for_date__gte=OCTOBER, for_date__lt="2026-11-01"
    )
    expected = in_ledger.order_by("for_date", "id").values(*names)
    assert table.to_pylist() == list(expected)
    again = seal_month(reseller_id=book.fjord.reseller_id, month=month_of(OCTOBER))
    assert again.digest == state.segment_digest
