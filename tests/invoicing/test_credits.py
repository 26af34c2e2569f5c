"""Bonus credit at closing: used before tax, once, and a part of what balances."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.filetasks.outcomes import rows_of
from tests.invoicing.closings import (
    OCTOBER,
    check_books_balance,
    closed,
    contents,
)
from tests.invoicing.closings import spend as add_expense
from tests.reports.book import Book
from tollbook.clients.models import Client, Payer
from tollbook.credits.selectors import grants_of_client
from tollbook.credits.services import grant_credit
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.rules import MoveType
from tollbook.invoicing.services import parts


def give(book: Book, amount: str, currency: str = "USD", client: Client | None = None) -> None:
    grant_credit(
        viewer=book.operator,
        client_id=(client or book.fjord).pk,
        amount=Decimal(amount),
        currency=currency,
        valid_from=datetime(2026, 9, 1, tzinfo=UTC),
        now=datetime(2026, 9, 1, tzinfo=UTC),
    )


def closed_for_fjord_alone(book: Book) -> None:
    """The month stays open, because of somebody else who has to pay something."""
    if not Expense.objects.filter(client=book.brook).exists():
        add_expense(book, book.brook, OCTOBER, "1")
    closed(book.admin, client_ids=[book.fjord.pk])


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

    assert [str(row.money_value) for row in credit_rows()] == ["-7.000000000001"]
    nothing = Invoice.objects.get(currency=book.usd)
    assert (nothing.move_type, nothing.amount_total) == (MoveType.OUT_INVOICE, Decimal(0))
    assert Invoice.objects.get(currency=book.eur).amount_untaxed == Decimal(7)
    assert check_books_balance(book.fjord.reseller_id) == 2


def test_credit_of_expenses_that_are_gone_is_there_again(book: Book) -> None:
    add_expense(book, book.fjord, OCTOBER, "7", currency=book.eur)
    gone = add_expense(book, book.fjord, date(2026, 10, 2), "100")
    give(book, "60")
    closed_for_fjord_alone(book)
    Expense.objects.filter(pk=gone.pk).update(deleted=True)

    closed_for_fjord_alone(book)

    assert credit_rows() == []
    assert [grant.left for grant in grants_of_client(book.fjord.pk)] == [60]
    names = {item.name for item in Invoice.objects.order_by("-pk")[0].items.all()}
    assert all(name.count("bonus credit") <= 1 for name in names)
    add_expense(book, book.fjord, date(2026, 10, 3), "80")
    closed(book.admin)
    assert [row.money_value for row in credit_rows()] == [-60]
    assert check_books_balance(book.fjord.reseller_id) > 0


def test_credit_goes_with_the_payer(book: Book) -> None:
    spent = add_expense(book, book.fjord, OCTOBER, "100", tax_rate=Decimal(20))
    give(book, "50")
    closed_for_fjord_alone(book)
    other = Payer.objects.create(
        reseller_id=book.fjord.reseller_id, company_name="Other", tax_rate=20
    )
    Expense.objects.filter(pk=spent.pk).update(payer=other)

    closed(book.admin)

    (credit,) = credit_rows()
    assert (credit.payer_id, credit.money_value) == (other.pk, -50)
    owed: dict[int, Decimal] = defaultdict(Decimal)
    for each in Invoice.objects.filter(client=book.fjord):
        sign = -1 if each.move_type == MoveType.OUT_REFUND else 1
        owed[each.payer_id] += sign * each.amount_untaxed
    assert owed == {spent.payer_id: 0, other.pk: 50}


def test_a_credit_of_one_more_rate_takes_a_day_of_its_own(book: Book) -> None:
    first = add_expense(book, book.fjord, OCTOBER, "10", tax_rate=Decimal(20))
    give(book, "100")
    closed_for_fjord_alone(book)
    lower = {"addendum": first.addendum, "tax_rate": Decimal(10)}
    add_expense(book, book.fjord, date(2026, 10, 2), "5", **lower)

    closed(book.admin)

    found = {row.tax_rate: (row.for_date.day, row.money_value) for row in credit_rows()}
    assert found == {20: (31, -10), 10: (30, -5)}


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


@pytest.mark.parametrize("turned", [False, True])
def test_numbers_of_credit_do_not_hang_on_who_is_closed_first(
    book: Book, monkeypatch: pytest.MonkeyPatch, *, turned: bool
) -> None:
    for client in (book.fjord, book.brook):
        add_expense(book, client, date(2026, 10, 5), "90")
        add_expense(book, client, date(2026, 10, 6), "90", tax_rate=Decimal(5))
        give(book, "100", client=client)
    found = parts.waiting_clients
    order = -1 if turned else 1
    monkeypatch.setattr(
        parts, "waiting_clients", lambda *given, **more: found(*given, **more)[::order]
    )
    before = Expense.objects.latest("pk").pk

    closed(book.admin)

    first, second = sorted([book.fjord.pk, book.brook.pk])
    posted = Expense.objects.filter(kind=ExpenseKind.CREDIT).order_by("pk")
    assert [row.pk - before for row in posted] == [1, 2, 3, 4]
    assert [row.client_id for row in posted] == [first, first, second, second]
