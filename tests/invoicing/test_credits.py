"""Bonus credit at closing: used before tax, once, and a part of what balances."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tests.filetasks.outcomes import rows_of
from tests.invoicing.closings import (
    OCTOBER,
    check_books_balance,
    closed,
    contents,
)
from tests.invoicing.closings import spend as add_expense
from tests.reports.book import Book
from tollbook.credits.services import grant_credit
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.rules import MoveType


def give(book: Book, amount: str, currency: str = "USD") -> None:
    grant_credit(
        viewer=book.operator,
        client_id=book.fjord.pk,
        amount=Decimal(amount),
        currency=currency,
        valid_from=datetime(2026, 9, 1, tzinfo=UTC),
        now=datetime(2026, 9, 1, tzinfo=UTC),
    )


def credit_rows() -> list[Expense]:
    rows = Expense.objects.filter(kind=ExpenseKind.CREDIT, deleted=False)
    return list(rows.order_by("addendum_id", "for_date"))


def test_credit_is_posted_as_an_expense_below_zero_before_tax(book: Book) -> None:
    add_expense(book, book.fjord, date(2026, 10, 5), "90", tax="19.8", tax_rate=Decimal(22))
    give(book, "20")

    task = closed(book.admin)

    (credit,) = credit_rows()
    assert (credit.for_date, credit.money_value) == (date(2026, 10, 31), Decimal(-20))
    assert (credit.tax_value, credit.tax_rate) == (Decimal("-4.4"), Decimal(22))
    invoice = Invoice.objects.get()
    assert (invoice.amount_untaxed, invoice.amount_tax) == (Decimal(70), Decimal("15.40"))
    assert invoice.amount_total == Decimal("85.40")
    (row,) = rows_of(book.admin, task)
    assert (row["expenses"], row["credit"], row["untaxed"]) == (90, -20, 70)
    assert check_books_balance(book.fjord.reseller_id) == 1
    assert [item.kind for item in invoice.items.all()] == ["correction", "credit"]


def test_credit_pays_no_more_than_there_is_to_pay_and_only_in_its_currency(book: Book) -> None:
    add_expense(book, book.fjord, OCTOBER, "10.000000000001")
    add_expense(book, book.fjord, OCTOBER, "7", currency=book.eur)
    add_expense(book, book.fjord, date(2026, 10, 2), "-3")
    give(book, "1000")

    closed(book.admin)

    assert [str(row.money_value) for row in credit_rows()] == ["-10.000000000001"]
    refund = Invoice.objects.get(currency=book.usd)
    assert (refund.move_type, refund.amount_untaxed) == (MoveType.OUT_REFUND, Decimal(3))
    assert Invoice.objects.get(currency=book.eur).amount_untaxed == Decimal(7)
    assert check_books_balance(book.fjord.reseller_id) == 2


def test_each_tax_rate_of_an_item_has_its_credit_taxed_alike(book: Book) -> None:
    first = add_expense(book, book.fjord, OCTOBER, "10", tax_rate=Decimal(20))
    add_expense(
        book,
        book.fjord,
        date(2026, 10, 2),
        "10",
        addendum=first.addendum,
        tax_rate=Decimal(22),
    )
    give(book, "15")

    closed(book.admin)

    charged = {row.tax_rate: row.money_value for row in credit_rows()}
    assert set(charged) == {Decimal(20), Decimal(22)}
    assert sum(charged.values()) == -15
    assert check_books_balance(book.fjord.reseller_id) == 1


def test_closing_again_uses_no_more_credit_even_where_more_was_given(book: Book) -> None:
    add_expense(book, book.fjord, OCTOBER, "100")
    give(book, "20")
    first = closed(book.admin)
    before = contents()
    give(book, "30")

    again = closed(book.admin)

    assert contents() == before
    assert again.result_digest == first.result_digest
    assert [row.money_value for row in credit_rows()] == [-20]


def test_a_rehearsal_uses_no_credit_and_says_what_a_closing_would(book: Book) -> None:
    add_expense(book, book.fjord, OCTOBER, "100")
    give(book, "20")

    rehearsal = closed(book.admin, dry_run=True)

    assert credit_rows() == []
    assert closed(book.admin).result_digest == rehearsal.result_digest
