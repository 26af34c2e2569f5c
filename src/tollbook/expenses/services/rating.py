"""Rating a month: what should be of it beside what is there, and only the difference written."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from pyarrow.dataset import Dataset

from tollbook.clients.models import Client
from tollbook.engine.engine import Engine
from tollbook.engine.opening import open_engine
from tollbook.expenses.contract_tables import contract_tables, unpriced_lines
from tollbook.expenses.pricing.rating import (
    measured_places,
    rate_fees,
    rate_usage,
    unrated_usage,
)
from tollbook.expenses.pricing.tables import ContractTables, UnratedReason
from tollbook.expenses.rules import ExpenseKind, MonthStatus
from tollbook.expenses.runs.differences import compare, write_changes
from tollbook.expenses.runs.due import add_due, analyze_due, open_due
from tollbook.expenses.runs.summary import RatingSummary
from tollbook.expenses.selectors.months import resellers_in
from tollbook.expenses.selectors.partitions import has_month_partition
from tollbook.expenses.services.loading import ensure_month_partitions, fold_counts
from tollbook.expenses.services.months import lock_month
from tollbook.kernel.errors import Conflict
from tollbook.kernel.periods import DateRange, month_of
from tollbook.usage.lake import open_lake
from tollbook.usage.selectors import segments_of

_log = structlog.get_logger(__name__)


def rate_month(
    *,
    month: date,
    now: datetime,
    reason: str,
    client_ids: Collection[int] | None = None,
    during: MonthStatus = MonthStatus.OPEN,
    engine: Engine | None = None,
) -> RatingSummary:
    """Rate the month that ``month`` is a day of, for some clients or for all; twice is once.

    Only clients whose reseller's month stands as ``during`` says are rated; a closing asks for
    those that are being closed. ``Conflict`` where there is none of them. Days that have not come
    are left out, unless the lake has usage of them.
    """
    whole = month_of(month)
    if not has_month_partition(whole):
        ensure_month_partitions(whole)
    with transaction.atomic():
        lock_month(whole.start)
        clients = _clients_in(whole, during, client_ids)
        works = engine or open_engine(settings.ENGINE_URL)
        unrated = _put_due(works, whole, now, clients)
        found = compare(
            whole, clients, measured=lambda: measured_places(works, open_lake(whole), clients)
        )
        unpriced = len(unpriced_lines(whole, clients))
        summary = replace(found, unrated=unrated, unpriced=unpriced)
        if summary.changed:
            write_changes(whole, reason=reason, now=now)
            fold_counts()
    _log.info("month_rated", month=f"{whole.start:%Y-%m}", reason=reason, **vars(summary))
    return summary


def _clients_in(
    month: DateRange, during: MonthStatus, client_ids: Collection[int] | None
) -> list[int]:
    resellers = resellers_in(month.start, during)
    asked = Client.objects.all() if client_ids is None else Client.objects.filter(pk__in=client_ids)
    found = asked.filter(reseller_id__in=resellers)
    if not found.exists() and asked.exists():
        raise Conflict(
            f"{month.start:%Y-%m} is not {during.label} for any of these clients: what is late for "
            "a closed month becomes a correction in the next open one",
            field="month",
        )
    return list(found.order_by("pk").values_list("pk", flat=True))


def _put_due(engine: Engine, month: DateRange, now: datetime, clients: Collection[int]) -> int:
    """Put all that should be of the month beside the ledger; how many records nothing prices."""
    open_due()
    days = _days_to_rate(month, now)
    if days is None or not clients:
        return 0
    contracts, lake = contract_tables(month, clients), open_lake(days)
    add_due(ExpenseKind.USAGE, rate_usage(engine, lake, contracts, days))
    add_due(ExpenseKind.FEE, rate_fees(engine, contracts, days))
    analyze_due()
    return unrated_records(engine, lake, contracts, days, frozenset(clients))


def _days_to_rate(month: DateRange, now: datetime) -> DateRange | None:
    """The month to today, or to the last day that the lake has usage of; none before it begins."""
    segments = segments_of(month)
    last = max([now.date(), *(segment.day for segment in segments)])
    end = min(month.end, last + timedelta(days=1))
    return DateRange(month.start, end) if end > month.start else None


def unrated_records(
    engine: Engine,
    lake: Dataset,
    contracts: ContractTables,
    days: DateRange,
    clients: Collection[int],
) -> int:
    """Records that nobody is billed for by mistake; what a trial makes free is none."""
    return sum(
        row["records"]
        for batch in unrated_usage(engine, lake, contracts, days)
        for row in batch.to_pylist()
        if row["client_id"] in clients and row["reason"] != UnratedReason.IN_TRIAL
    )
