"""What was used within hourly commits, which the lake knows and the ledger does not."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final

import pyarrow as pa
from django.conf import settings
from django.db.models import DateField, QuerySet
from django.db.models.functions import Cast, TruncMonth

from tollbook.catalog.rules import CalcRuleType
from tollbook.engine.opening import open_engine
from tollbook.expenses.contract_tables import contract_tables
from tollbook.expenses.models import Expense
from tollbook.expenses.pricing.rating import used_within_hourly_commits
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.periods import month_of
from tollbook.reports.snapshot import Snapshot
from tollbook.usage.lake import open_segments
from tollbook.usage.models import UsageSegment
from tollbook.usage.selectors import segments_of

_COLUMNS: Final = {
    "addendum_id": "int",
    "feature_id": "int",
    "region_id": "int",
    "for_date": "date",
    "unit_size": "numeric",
    "used": "numeric",
}
Clients = Mapping[date, Collection[int]]
"""Who has hourly commits, by the first day of the month."""


def read_hourly_clients(expenses: QuerySet[Expense, Any], snapshot: Snapshot) -> Clients:
    """The clients that owe fees of hourly commits, month by month."""
    fees = expenses.filter(kind=ExpenseKind.FEE, calc_rule_type=CalcRuleType.COMMIT_HOURLY)
    month = Cast(TruncMonth("for_date"), DateField())
    found = snapshot.table(
        fees.order_by().annotate(month=month).values("month", "client_id").distinct()
    )
    clients: dict[date, set[int]] = {}
    for row in found.to_pylist():
        clients.setdefault(row["month"], set()).add(row["client_id"])
    return clients


def read_segments(clients: Clients) -> Mapping[date, list[UsageSegment]]:
    """The files of the lake that tell of their hours, by month."""
    return {month: segments_of(month_of(month)) for month in sorted(clients)}


def version_of_hours(segments: Mapping[date, Iterable[UsageSegment]]) -> str:
    """A digest of the digests of the files."""
    digests = "".join(segment.digest for month in segments.values() for segment in month)
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def hourly_use_sql(month: date, clients: Collection[int], segments: Iterable[UsageSegment]) -> str:
    """What was used within the hourly commits of a month, as SQL: found as rating finds it."""
    days = month_of(month)
    found = pa.table({name: pa.array([], pa.string()) for name in _COLUMNS})
    if clients:
        found = used_within_hourly_commits(
            open_engine(settings.ENGINE_URL),
            open_segments(segments),
            contract_tables(days, clients),
            days,
        )
    arrays = ", ".join(
        f"'{{{','.join(str(each) for each in found[name].to_pylist())}}}'::{kind}[]"
        for name, kind in _COLUMNS.items()
    )
    return f"SELECT * FROM unnest({arrays}) AS told ({', '.join(_COLUMNS)})"  # noqa: S608  numbers
