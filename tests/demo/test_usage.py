"""The demo's usage lies in the lake, and is what its expenses are rated from."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest
from django.db import transaction
from django.db.models import Sum

from tests.expenses.test_explaining import recomputed
from tollbook.demo.seed import BOOK_DAYS, BOOK_MONTHS
from tollbook.expenses.explaining.client_month import ClientMonth, read_client_month
from tollbook.expenses.explaining.explanation import explain_within
from tollbook.expenses.models import Expense, MonthState
from tollbook.expenses.rules import ExpenseKind
from tollbook.expenses.services import RatingSummary, correct_closed_months, rate_month
from tollbook.kernel.periods import DateRange
from tollbook.usage.models import UsageSegment

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("demo_book"),
    pytest.mark.xdist_group("demo_book"),
]
NOW = datetime(2026, 11, 2, tzinfo=UTC)
RATED = (ExpenseKind.USAGE, ExpenseKind.FEE)
SAMPLED_MONTHS, SAMPLED_ROWS = 12, 25


@pytest.fixture
def open_months() -> Iterator[None]:
    """All months of the book open, until the end of the test."""
    with transaction.atomic():
        MonthState.objects.all().delete()
        yield
        transaction.set_rollback(True)


def live(month: DateRange) -> int:
    """How many expenses of the month rating has written."""
    rows = Expense.objects.filter(for_date__gte=month.start, for_date__lt=month.end)
    return rows.filter(deleted=False, kind__in=RATED).count()


def test_the_lake_has_usage_of_every_day() -> None:
    days = UsageSegment.objects.values_list("day", flat=True)
    assert sorted(days) == list(BOOK_DAYS)
    assert (UsageSegment.objects.aggregate(rows=Sum("rows"))["rows"] or 0) > 250_000


@pytest.mark.long
@pytest.mark.usefixtures("open_months")
@pytest.mark.parametrize("month", BOOK_MONTHS, ids=str)
def test_rating_a_month_again_changes_nothing(month: DateRange) -> None:
    found = rate_month(month=month.start, now=NOW, reason="again")

    assert found == RatingSummary(unchanged=live(month))
    assert found.unchanged > 50_000


@pytest.mark.long
def test_nothing_came_late_for_its_closed_months() -> None:
    months = [month.start for month in BOOK_MONTHS]

    assert correct_closed_months(now=NOW, months=months) == RatingSummary()


def check_steps(rows: list[Expense], found: ClientMonth) -> None:
    """Each amount is what its steps come to."""
    for row in rows:
        explained = explain_within(row, found)
        assert explained.matches, row
        assert recomputed(explained) == (row.money_value, row.discount_value, row.tax_value)


def rows_of(client_id: int, month: DateRange) -> list[Expense]:
    """What rating has written for a client in a month."""
    rows = Expense.objects.filter(for_date__gte=month.start, for_date__lt=month.end)
    return list(
        rows.filter(client_id=client_id, deleted=False, kind__in=RATED).order_by("for_date", "pk")
    )


def test_steps_come_to_the_amounts_of_some_expenses_under_every_rule() -> None:
    dice = Random("explained expenses of the demo book")
    clients = sorted(set(Expense.objects.values_list("client_id", flat=True).distinct()))
    rules = set()
    for client_id in dice.sample(clients, SAMPLED_MONTHS):
        month = dice.choice(BOOK_MONTHS)
        rows = rows_of(client_id, month)
        some = dice.sample(rows, min(SAMPLED_ROWS, len(rows)))
        rules |= {row.calc_rule_type for row in some}
        check_steps(some, read_client_month(month, client_id))
    assert rules == {"commit", "overcommit", "stepped", "staged", "commit_hourly"}


@pytest.mark.skipif(
    os.environ.get("TOLLBOOK_EXPLAIN_ALL") != "1",
    reason="takes many minutes: TOLLBOOK_EXPLAIN_ALL=1 asks for it; a sample is always taken",
)
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("month", BOOK_MONTHS, ids=str)
def test_steps_come_to_the_amounts_of_all_expenses(month: DateRange) -> None:
    checked = 0
    for client_id in sorted(set(Expense.objects.values_list("client_id", flat=True).distinct())):
        if rows := rows_of(client_id, month):
            check_steps(rows, read_client_month(month, client_id))
            checked += len(rows)
    assert checked == live(month)
