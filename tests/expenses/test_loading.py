"""Expenses are loaded by COPY, exact to the digit, into partitions that two may make at once."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Thread
from typing import Any

import pyarrow as pa
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum

from tollbook.expenses.models import DayCount, Expense
from tollbook.expenses.selectors import has_month_partition
from tollbook.expenses.services import (
    EXPENSE_SCHEMA,
    ensure_month_partitions,
    load_expenses,
    load_new_months,
)
from tollbook.kernel.errors import InvalidInput
from tollbook.kernel.periods import DateRange

MAY = DateRange(date(2031, 5, 1), date(2031, 6, 1))
LARGEST = Decimal("99999999999999999999999999.999999999999")
SMALLEST = Decimal("-0.000000000001")
ODD_TEXTS = [
    "",
    None,
    " ",
    "NULL",
    "\\N",
    "\\.",
    'a "quote", a comma',
    "two\nlines\r\n",
    "\x07 é 😀",
]


def rows(**changed: Any) -> pa.RecordBatch:
    """One row for each odd text, as columns; ``changed`` replaces values of all rows."""
    moment = datetime(2031, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)
    ready: dict[str, Any] = {
        "calc_rule_type": "staged",
        "kind": "usage",
        "for_date": MAY.start,
        "period_start": moment,
        "period_end": datetime(2031, 6, 1, tzinfo=UTC),
        "created_at": moment,
        "usage": LARGEST,
        "money_value": SMALLEST,
        "discount_value": Decimal(0),
        "tax_rate": Decimal("8.25"),
        "tax_value": LARGEST.copy_negate(),
        "deleted": True,
        "reason": None,
        "description": "",
        "discount_id": None,
        "subscription_id": 2**40,
    } | changed
    columns = {name: [ready.get(name, 7)] * len(ODD_TEXTS) for name in EXPENSE_SCHEMA.names}
    columns |= {"id": list(range(1, len(ODD_TEXTS) + 1)), "comment": ODD_TEXTS}
    return pa.RecordBatch.from_pydict(columns, schema=EXPENSE_SCHEMA)


def load_into_partitions(batches: list[pa.RecordBatch], heard: Callable[[int], None]) -> int:
    """The way of rows into months that are there."""
    ensure_month_partitions(MAY)
    return load_expenses(batches, heard)


def load_as_new_month(batches: list[pa.RecordBatch], heard: Callable[[int], None]) -> int:
    """The way of a first load."""
    months: list[DateRange] = []
    loaded = load_new_months(MAY, batches, on_rows=heard, on_month=months.append)
    assert months == [MAY]
    return loaded


both_ways = pytest.mark.parametrize("load", [load_into_partitions, load_as_new_month])
Load = Callable[[list[pa.RecordBatch], Callable[[int], None]], int]


@pytest.mark.django_db
@both_ways
def test_what_is_loaded_is_read_back_to_the_last_digit_and_character(load: Load) -> None:
    heard: list[int] = []
    assert not has_month_partition(MAY)
    assert load([rows()], heard.append) == len(ODD_TEXTS) == heard[-1]
    assert has_month_partition(MAY)
    loaded = list(Expense.objects.order_by("id"))
    assert [expense.comment for expense in loaded] == ODD_TEXTS
    assert DayCount.objects.aggregate(sum=Sum("expenses")) == {"sum": len(ODD_TEXTS)}
    for expense in loaded:
        assert (expense.usage, expense.money_value) == (LARGEST, SMALLEST)
        assert expense.tax_value == LARGEST.copy_negate()
        assert expense.period_start == datetime(2031, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)
        assert (expense.discount_id, expense.subscription_id) == (None, 2**40)


@pytest.mark.django_db
@both_ways
def test_an_expense_made_later_gets_a_number_past_those_loaded(load: Load) -> None:
    load([rows()], print)
    later = Expense.objects.get(id=1)
    later.pk, later._state.adding = None, True
    later.save()
    assert later.id == len(ODD_TEXTS) + 1


@pytest.mark.django_db
@both_ways
def test_a_second_live_row_of_one_identity_is_refused(load: Load) -> None:
    with pytest.raises(IntegrityError):
        load([rows(deleted=False)], print)


@pytest.mark.django_db
def test_a_new_month_is_indexed_as_every_other() -> None:
    june = DateRange(date(2031, 6, 1), date(2031, 7, 1))
    load_new_months(MAY, [rows()])
    ensure_month_partitions(june)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, replace(indexdef, tablename, '') FROM pg_indexes"
            " WHERE tablename IN ('expenses_expense_2031_05', 'expenses_expense_2031_06')"
        )
        indexes: dict[str, set[str]] = {}
        for table, definition in cursor.fetchall():
            indexes.setdefault(table, set()).add(definition)
    may, of_june = indexes["expenses_expense_2031_05"], indexes["expenses_expense_2031_06"]
    assert len(may) == 17
    assert may == of_june


@pytest.mark.django_db
def test_a_float_is_refused_before_anything_is_sent() -> None:
    ensure_month_partitions(MAY)
    place = EXPENSE_SCHEMA.get_field_index("usage")
    batch = rows()
    floats = pa.array([0.1] * batch.num_rows, pa.float64())
    with pytest.raises(InvalidInput, match="expenses are loaded as"):
        load_expenses([batch.set_column(place, "usage", floats)])
    assert not Expense.objects.exists()


@pytest.mark.django_db
@both_ways
def test_a_batch_that_the_ledger_refuses_leaves_nothing_of_those_before_it(load: Load) -> None:
    backwards = rows(period_end=datetime(2031, 5, 1, tzinfo=UTC))
    with pytest.raises(IntegrityError, match="expense"), transaction.atomic():
        load([rows(), backwards], print)
    assert not Expense.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_partitions_may_be_made_twice_and_by_two_at_once() -> None:
    days = DateRange(date(2041, 5, 31), date(2042, 2, 1))
    failures: list[BaseException] = []

    def make() -> None:
        try:
            ensure_month_partitions(days)
        except DatabaseError as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ensure_month_partitions(days)
    assert not failures
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'expenses_expense'::regclass"
            " AND inhrelid::regclass::text BETWEEN %s AND %s",
            ["expenses_expense_2041_05", "expenses_expense_2042_01"],
        )
        assert cursor.fetchone() == (9,)
