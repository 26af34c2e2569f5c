"""How many expenses there are to read, from the counts that the ledger keeps where they tell."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any, Final

import pyarrow.compute as pc
from django.db.models import BigIntegerField, Count, QuerySet, Sum
from django.db.models.functions import Cast

from tollbook.clients.rules import Role
from tollbook.expenses.models import DayCount, ProductCount
from tollbook.expenses.segments import open_expense_segments
from tollbook.kernel.periods import month_start, next_month
from tollbook.reports.expense_facts.asked import AskedExpenses
from tollbook.reports.expense_facts.places import Places
from tollbook.reports.snapshot import Snapshot

SEE_WHOLE_RESELLERS: Final = frozenset({Role.OPERATOR, Role.ADMIN})
_OF_PRODUCTS: Final = frozenset({"product_id", "currency_id"})
_ROWS: Final = Cast(Sum("expenses"), BigIntegerField())


@dataclass(frozen=True)
class CountedDays:
    """Rows of the ledger by day and reseller: all of them, whatever is asked."""

    rows: Mapping[date, Mapping[int, int]]

    def rows_of(self, day: date) -> int:
        """How many rows the day has."""
        return sum(self.rows[day].values())

    def days_outside(self, places: Places) -> list[date]:
        """The days, in order, of which something lies in no segment."""
        sealed = {month: places.sealed_in(month) for month in map(month_start, self.rows)}
        return [
            day
            for day, of_day in sorted(self.rows.items())
            if of_day.keys() - sealed[month_start(day)]
        ]


def count_days(asked: AskedExpenses, snapshot: Snapshot) -> CountedDays:
    """The days that hold any expense of the resellers in question."""
    counts = DayCount.objects.filter(
        for_date__gte=asked.days.start, for_date__lt=asked.days.end, **asked.reseller
    )
    summed = counts.order_by().values("for_date", "reseller_id").annotate(rows=_ROWS)
    found: dict[date, dict[int, int]] = {}
    for row in snapshot.table(summed.values_list("for_date", "reseller_id", "rows")).to_pylist():
        if row["rows"]:
            found.setdefault(row["for_date"], {})[row["reseller_id"]] = row["rows"]
    return CountedDays(found)


def count_expenses(asked: AskedExpenses, places: Places, snapshot: Snapshot) -> int:
    """How many expenses the report is about."""
    columns = {name for name, _ in asked.equal}
    if asked.viewer.role in SEE_WHOLE_RESELLERS and "client_id" not in columns:
        counts = ProductCount if columns & _OF_PRODUCTS else DayCount
        kept = counts.objects.filter(*asked.conditions).order_by()
        return _number(snapshot, kept.values("deleted").annotate(rows=_ROWS).values_list("rows"))
    condition = reduce(operator.and_, asked.in_segments(pc.field, places.clients))
    keys = [segment.key for segment in places.segments]
    in_segments = open_expense_segments(keys).count_rows(filter=condition) if keys else 0
    return int(in_segments) + _number(snapshot, _counted(outside(asked, places)))


def outside(asked: AskedExpenses, places: Places) -> QuerySet[Any, Any]:
    """The expenses that lie in no segment."""
    found = asked.in_ledger()
    for month in sorted({segment.month for segment in places.segments}):
        found = found.exclude(
            for_date__gte=month,
            for_date__lt=next_month(month),
            reseller_id__in=sorted(places.sealed_in(month)),
        )
    return found


def _counted(expenses: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    by_state = expenses.order_by().values("deleted")
    numbers: QuerySet[Any, Any] = by_state.annotate(rows=Count("id")).values_list("rows")
    return numbers


def _number(snapshot: Snapshot, counts: QuerySet[Any, Any]) -> int:
    return sum(snapshot.table(counts)["rows"].to_pylist())
