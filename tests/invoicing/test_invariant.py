"""Whatever was booked: Σ expenses + rounding = Σ items = invoices, however often it is closed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.invoicing.closings import NOVEMBER, OCTOBER, check_books_balance, contents, spend
from tests.laws import share_of
from tests.reports.book import Book, open_book
from tollbook.contracts.models import Addendum
from tollbook.credits.services import grant_credit
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.services import close_client
from tollbook.kernel.periods import month_of

pytestmark = pytest.mark.django_db


class Booked(NamedTuple):
    """An expense to be; those alike in all but day and money are of one contract."""

    is_brook: bool
    item: str
    in_euros: bool
    tax_rate: str
    day: int
    money: Decimal


amounts = st.one_of(st.integers(-(10**15), 10**16), st.integers(-(10**4), 10**4), st.just(0)).map(
    lambda units: Decimal(units).scaleb(-12)
)
booked = st.builds(
    Booked,
    st.booleans(),
    st.sampled_from(("CDN", "Storage")),
    st.booleans(),
    st.sampled_from(("0", "8.25", "22")),
    st.integers(1, 31),
    amounts,
)
months = st.lists(booked, max_size=10, unique_by=lambda one: one[:5])


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def book_all(book: Book, expenses: Sequence[Booked], kind: str) -> None:
    contracts: dict[tuple[object, ...], Addendum] = {}
    for one in expenses:
        client = book.brook if one.is_brook else book.fjord
        more = {"addendum": contracts[one[:4]]} if one[:4] in contracts else {}
        row = spend(
            book,
            client,
            OCTOBER + timedelta(days=one.day - 1),
            f"{one.money:f}",
            item=one.item,
            currency=book.eur if one.in_euros else book.usd,
            tax_rate=Decimal(one.tax_rate),
            kind=kind,
            **more,
        )
        contracts[one[:4]] = row.addendum


def close(book: Book) -> list[Invoice]:
    return [
        invoice
        for client in (book.fjord, book.brook)
        for invoice in close_client(
            reseller_id=client.reseller_id,
            client_id=client.pk,
            month=month_of(OCTOBER),
            now=NOVEMBER,
        )
    ]


@pytest.fixture
def book() -> Book:
    return open_book()


@settings(
    max_examples=share_of(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=months, later=months, credit=st.integers(0, 10**16))
def test_the_books_balance_after_each_closing_and_again_is_nothing(
    book: Book, first: list[Booked], later: list[Booked], credit: int
) -> None:
    with taken_back():
        if credit:
            grant_credit(
                viewer=book.operator,
                client_id=book.fjord.pk,
                amount=Decimal(credit).scaleb(-12),
                currency="EUR",
                valid_from=datetime(2026, 10, 1, tzinfo=UTC),
                now=NOVEMBER,
            )
        for expenses, kind in ((first, ExpenseKind.CORRECTION), (later, ExpenseKind.USAGE)):
            book_all(book, expenses, kind)
            close(book)
            check_books_balance(book.fjord.reseller_id)
            before = contents()
            assert close(book) == []
            assert contents() == before
        live = Expense.objects.filter(deleted=False)
        assert live.exclude(kind=ExpenseKind.CREDIT).count() == len(first) + len(later)
