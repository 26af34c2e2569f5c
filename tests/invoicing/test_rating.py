"""A closing rates its month for the last time, and says what it finds of each client."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.expenses.rated_book import RatedBook, open_rated_book
from tests.filetasks.outcomes import rows_of
from tests.invoicing.closings import OCTOBER, check_books_balance, closed, contents
from tests.reports.book import Book
from tollbook.catalog.models import Price
from tollbook.contracts.models import Addendum
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind, MonthStatus
from tollbook.expenses.selectors import find_month_state
from tollbook.expenses.services import begin_closing, finish_closing, rate_imported
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.invoicing.models import Invoice, InvoiceItem

NOVEMBER = date(2026, 11, 1)
IN_DECEMBER = datetime(2026, 12, 2, 4, tzinfo=UTC)


@pytest.fixture
def rated(book: Book) -> RatedBook:
    """Contracts and usage of October, never rated; Fjord owes most of it."""
    made = open_rated_book(book)
    made.use_all(
        [
            *(made.record("requests", day, "3") for day in range(1, 32)),
            made.record("storage", 3, "40", client=made.book.brook),
            made.record("storage", 3, "7", client=made.book.sand),
        ]
    )
    return made


def close_november(rated: RatedBook) -> FileTask:
    return closed(rated.book.admin, "2026-11", now=IN_DECEMBER)


def found(task: FileTask, kind: str) -> list[tuple[str, int]]:
    return [(note["code"], note["client_id"]) for note in task.processing_notes[kind]]


def test_what_was_imported_and_not_rated_is_billed(rated: RatedBook) -> None:
    task = closed(rated.book.admin)

    assert task.status == TaskStatus.COMPLETED, task.processing_notes
    assert check_books_balance(rated.fjord.reseller_id) == 2
    brook = Invoice.objects.get(client=rated.book.brook)
    assert brook.amount_untaxed == Decimal(60 + 120 + 372)
    live = Expense.objects.filter(deleted=False)
    assert set(live.values_list("client_id", flat=True)) == {rated.fjord.pk, rated.book.brook.pk}
    assert {row.kind for row in live} == {ExpenseKind.USAGE, ExpenseKind.FEE}


@pytest.mark.long
def test_closing_again_rates_and_bills_nothing(rated: RatedBook) -> None:
    first = closed(rated.book.admin)
    expenses, invoices = list(Expense.objects.order_by("pk").values()), contents()

    again = closed(rated.book.admin)

    assert (list(Expense.objects.order_by("pk").values()), contents()) == (expenses, invoices)
    assert again.result_digest == first.result_digest


def test_a_dry_run_rates_and_takes_it_back(rated: RatedBook) -> None:
    rehearsal = closed(rated.book.admin, dry_run=True)

    assert not Expense.objects.exists()
    assert not Invoice.objects.exists()
    assert find_month_state(rated.fjord.reseller_id, OCTOBER).status == MonthStatus.OPEN
    task = closed(rated.book.admin)
    assert rehearsal.result_digest == task.result_digest
    assert rehearsal.processing_notes["warnings"] == task.processing_notes["warnings"] != []


def test_late_usage_is_corrected_in_the_next_month_with_its_own_period(rated: RatedBook) -> None:
    closed(rated.book.admin)
    october = list(Expense.objects.order_by("pk").values())
    rated.use("requests", 9, "4")

    rehearsal = closed(rated.book.admin, "2026-11", now=IN_DECEMBER, dry_run=True)
    task = close_november(rated)

    assert task.status == TaskStatus.COMPLETED, task.processing_notes
    assert task.result_digest == rehearsal.result_digest
    before = Expense.objects.filter(for_date__lt=NOVEMBER)
    assert list(before.order_by("pk").values()) == october
    (item,) = InvoiceItem.objects.filter(kind=ExpenseKind.CORRECTION)
    assert (item.invoice.month, item.charge_month) == (NOVEMBER, OCTOBER)
    assert item.name == "Everything: requests, correction of 2026-10"
    assert (item.quantity, item.amount) == (4, Decimal(2))
    assert check_books_balance(rated.fjord.reseller_id, NOVEMBER) == 2
    expense = Expense.objects.get(kind=ExpenseKind.CORRECTION)
    assert expense.period_start == datetime(2026, 10, 9, tzinfo=UTC)


@pytest.mark.long
def test_a_correction_that_an_import_posted_is_billed_once(rated: RatedBook) -> None:
    closed(rated.book.admin)
    rate_imported(rated.use("requests", 9, "4"), now=datetime(2026, 11, 5, tzinfo=UTC))
    rated.use("requests", 10, "2")

    close_november(rated)
    close_november(rated)

    items = InvoiceItem.objects.filter(kind=ExpenseKind.CORRECTION)
    assert [(item.quantity, item.amount) for item in items] == [(6, Decimal(3))]
    assert Invoice.objects.filter(month=NOVEMBER).count() == 2
    assert check_books_balance(rated.fjord.reseller_id, NOVEMBER) == 2


def test_a_month_that_is_closed_late_takes_no_corrections_of_later_ones(rated: RatedBook) -> None:
    begin_closing(reseller_id=rated.fjord.reseller_id, month=NOVEMBER)
    finish_closing(reseller_id=rated.fjord.reseller_id, month=NOVEMBER, closed_at=datetime.now(UTC))
    rated.use("requests", 2, "5", month=NOVEMBER)

    closed(rated.book.admin)

    assert not Expense.objects.filter(kind=ExpenseKind.CORRECTION).exists()


def test_usage_that_no_contract_prices_is_a_warning_of_its_client(rated: RatedBook) -> None:
    rated.use("cpu", 4, "2", client=rated.book.brook)  # of a day, where hours are committed
    Addendum.objects.filter(client=rated.book.brook).update(
        active_to=datetime(2026, 10, 2, tzinfo=UTC)
    )

    task = closed(rated.book.admin)

    warnings = found(task, "warnings")
    assert warnings.count(("unrated_usage", rated.book.brook.pk)) == 2
    row = next(
        row for row in rows_of(rated.book.admin, task) if row["client_id"] == rated.book.brook.pk
    )
    assert "1 usage records of feature" in row["warning"]
    assert "no_contract" in row["warning"]
    assert (row["state"], row["error"]) == ("closed", "")


def test_a_client_whose_usage_nothing_prices_at_all_has_a_row_that_says_so(
    rated: RatedBook,
) -> None:
    Addendum.objects.filter(client=rated.book.brook).delete()

    task = closed(rated.book.admin)

    rows = {row["client_id"]: row for row in rows_of(rated.book.admin, task)}
    brook = rows[rated.book.brook.pk]
    assert (brook["currency"], brook["total"], brook["invoices"]) == ("", 0, "")
    assert "no_contract" in brook["warning"]


def test_a_line_that_cannot_be_rated_stops_its_client_and_nobody_else(rated: RatedBook) -> None:
    rated.use("storage", 5, "999999999999999999", client=rated.book.brook)

    rehearsal = closed(rated.book.admin, dry_run=True)
    task = closed(rated.book.admin)

    assert task.status == TaskStatus.COMPLETED
    assert found(task, "errors") == [("beyond_range", rated.book.brook.pk)]
    assert found(rehearsal, "errors") == found(task, "errors")
    assert rehearsal.result_digest == task.result_digest
    assert {i.client_id for i in Invoice.objects.all()} == {rated.fjord.pk}
    assert find_month_state(rated.fjord.reseller_id, OCTOBER).status == MonthStatus.OPEN
    rows = {row["client_id"]: row for row in rows_of(rated.book.admin, task)}
    assert rows[rated.book.brook.pk]["state"] == "failed"
    assert "goes beyond what can be rated" in rows[rated.book.brook.pk]["error"]


def test_a_month_is_not_sealed_while_a_client_that_nobody_asked_for_is_broken(
    rated: RatedBook,
) -> None:
    rated.use("storage", 5, "999999999999999999", client=rated.book.brook)

    task = closed(rated.book.admin, client_ids=[rated.fjord.pk])

    assert found(task, "errors") == []
    assert {i.client_id for i in Invoice.objects.all()} == {rated.fjord.pk}
    assert find_month_state(rated.fjord.reseller_id, OCTOBER).status == MonthStatus.OPEN


@pytest.mark.long
def test_what_a_missing_price_kept_back_is_rated_and_billed_once_there_is_one(
    rated: RatedBook,
) -> None:
    Price.objects.filter(plan_item=rated.items["cpu"], currency=rated.book.usd).delete()
    rated.use("cpu", 4, "5", hour=3)
    codes = {note["code"] for note in closed(rated.book.admin).processing_notes["errors"]}
    assert codes == {"unknown_price", "nobody_closed"}
    Price.objects.create(
        plan_item=rated.items["cpu"], currency=rated.book.usd, money_value=Decimal("0.75")
    )

    task = closed(rated.book.admin)

    assert task.processing_notes["errors"] == []
    assert check_books_balance(rated.fjord.reseller_id) == 2
    amount = InvoiceItem.objects.get(plan_item=rated.items["cpu"]).amount
    assert amount == Decimal("2.25")  # three of five, two are committed in that hour
