"""The counts that are kept by day are those of the table, whatever is written and however."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.reports.book import Book, add_expense, open_book
from tollbook.expenses.models import DayCount, Expense, ProductCount
from tollbook.expenses.selectors import list_expenses
from tollbook.expenses.services import fold_counts

pytestmark = pytest.mark.django_db

DAYS = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)]
Step = tuple[str, date, date]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("add", "copy", "delete", "mark", "move", "fold", "undone", "hand over")),
        st.sampled_from(DAYS),
        st.sampled_from(DAYS),
    ),
    max_size=12,
)


def write(book: Book, step: Step) -> None:
    what, day, other = step
    rows = Expense.objects.filter(for_date=day)
    if what == "add":
        add_expense(book, book.fjord, day, "1")
        add_expense(book, book.sand, day, "2", item="Storage", currency=book.eur)
    elif what == "copy":
        copy(list(rows), day, other)
    elif what == "delete":
        rows.delete()
    elif what == "undone":
        begin_and_give_up(book, day, other)
    elif what == "fold":
        fold_counts()
    else:
        rows.update(**change(book, what, other))


def copy(rows: list[Expense], day: date, other: date) -> None:
    for number, row in enumerate(rows):
        row.pk, row.deleted = None, True
        row.for_date = day if number % 2 else other
    Expense.objects.bulk_create(rows)


def begin_and_give_up(book: Book, day: date, other: date) -> None:
    begun = transaction.savepoint()
    add_expense(book, book.brook, day, "3")
    Expense.objects.filter(for_date=other).delete()
    transaction.savepoint_rollback(begun)


def change(book: Book, what: str, other: date) -> dict[str, Any]:
    return {
        "mark": {"deleted": True},
        "move": {"for_date": other, "deleted": True},
        "hand over": {"reseller_id": book.sand.reseller_id, "currency": book.eur},
    }[what]


BY_DAY = ("for_date", "reseller_id", "deleted")
BY_PRODUCT = (*BY_DAY, "product_id", "product_category_id", "currency_id")


def kept() -> list[Counter[tuple[Any, ...]]]:
    return [sums(DayCount, BY_DAY), sums(ProductCount, BY_PRODUCT)]


def sums(table: Any, columns: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    found = table.objects.order_by("for_date").values_list(*columns).annotate(Sum("expenses"))
    return Counter({tuple(row[:-1]): row[-1] for row in found if row[-1]})


def counted() -> list[Counter[tuple[Any, ...]]]:
    return [Counter(Expense.objects.values_list(*columns)) for columns in (BY_DAY, BY_PRODUCT)]


@examples(60)
@given(steps=STEPS)
def test_the_kept_counts_are_those_of_the_table_after_anything_that_is_written(
    steps: list[Step],
) -> None:
    with transaction.atomic():
        book = open_book()
        for step in [("add", DAYS[0], DAYS[0]), *steps]:
            write(book, step)
            assert kept() == counted(), step
        transaction.set_rollback(True)


def test_rows_put_there_under_a_condition_are_counted_once() -> None:
    book = open_book()
    add_expense(book, book.fjord, DAYS[0], "1")
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(
                "INSERT INTO expenses_expense SELECT * FROM expenses_expense ON CONFLICT DO NOTHING"
            )

    assert [sum(each.values()) for each in kept()] == [1, 1]


def test_emptying_the_table_empties_the_counts() -> None:
    book = open_book()
    add_expense(book, book.fjord, DAYS[0], "1")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE expenses_expense")

    assert kept() == [Counter(), Counter()]
    page = list_expenses(book.operator, [], order=("for_date", "id"), offset=0, limit=1)
    assert page.count == 0


def test_folding_leaves_one_row_for_each_day_reseller_and_deletion() -> None:
    book = open_book()
    for _ in range(5):
        add_expense(book, book.fjord, DAYS[0], "1")
    Expense.objects.filter(for_date=DAYS[0], money_value=1).update(deleted=True)
    before = kept()

    fold_counts()

    assert kept() == before
    assert DayCount.objects.count() == ProductCount.objects.count() == 1
