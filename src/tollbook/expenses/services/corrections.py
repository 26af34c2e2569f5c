"""Late usage of closed months: corrections in an open one, with the period they are for."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import structlog
from django.conf import settings
from django.db import transaction

from tollbook.clients.models import Client
from tollbook.engine.engine import Engine
from tollbook.engine.opening import open_engine
from tollbook.expenses.contract_tables import contract_tables
from tollbook.expenses.explaining.discounts import discount_at
from tollbook.expenses.models import Expense, RatedCorrection
from tollbook.expenses.pricing.rating import rate_usage
from tollbook.expenses.pricing.reference import contracts_of
from tollbook.expenses.pricing.tables import RATED_SCHEMA, ContractTables
from tollbook.expenses.rules import ExpenseKind, MonthStatus
from tollbook.expenses.runs.differences import Posted, compare, write_changes
from tollbook.expenses.runs.due import add_due, analyze_due, open_due
from tollbook.expenses.runs.late import LateUsage, late_usage
from tollbook.expenses.runs.late_meters import late_segments, put_late_meters
from tollbook.expenses.runs.summary import RatingSummary
from tollbook.expenses.selectors.months import (
    find_month_state,
    first_open_month,
    months_closed_before_their_usage,
    resellers_in,
)
from tollbook.expenses.selectors.partitions import has_month_partition
from tollbook.expenses.services.loading import ensure_month_partitions, fold_counts
from tollbook.expenses.services.months import lock_month
from tollbook.expenses.services.rating import unrated_records
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange, month_of
from tollbook.rating.charge import charge
from tollbook.rating.exact import exact
from tollbook.rating.metered import Contracts, MeteredLine
from tollbook.rating.rules import posting
from tollbook.usage.lake import open_lake, open_segments

CORRECTION_REASON: Final = "late usage records of a closed month"
_TAKEN_OUT: Final = "its expenses are not in the ledger; attach its partition to bill what is late"
_DAY: Final = timedelta(days=1)
_Key = tuple[int, int, int, datetime]
_BATCH: Final = 20_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Task:
    """A closed month and the open one that its corrections go into, for some clients."""

    month: DateRange
    target: DateRange
    client_ids: tuple[int, ...]


class _Days:
    """Which day of the target a correction stands on: where it was, or on a free one from today.

    One that people wrote of the same usage keeps its day to itself.
    """

    def __init__(self, task: _Task, now: datetime) -> None:
        self._target = task.target
        self._today = min(max(now.date(), task.target.start), task.target.end - _DAY)
        self._own: dict[_Key, date] = {}
        self._taken: set[tuple[_Key, date]] = set()
        rated = set(
            RatedCorrection.objects.filter(month=task.month.start).values_list("pk", flat=True)
        )
        for number, *key, start, day in _standing(task):
            place = (*key, start.astimezone(UTC))
            if number in rated:
                self._own[place] = day
            self._taken.add((place, day))

    def of(self, key: _Key) -> date:
        """The day for a correction."""
        if key in self._own:
            return self._own[key]
        days = sorted(self._target, key=lambda day: (day < self._today, day))
        return next((day for day in days if (key, day) not in self._taken), self._today)


def _standing(task: _Task) -> Iterator[tuple[Any, ...]]:
    there = Expense.objects.filter(
        kind=ExpenseKind.CORRECTION,
        deleted=False,
        client_id__in=task.client_ids,
        for_date__gte=task.target.start,
        for_date__lt=task.target.end,
    )
    keys = ("pk", "addendum_id", "plan_item_id", "region_id", "period_start", "for_date")
    return there.values_list(*keys).iterator()


def correct_closed_months(
    *,
    now: datetime,
    months: Collection[date] | None = None,
    client_ids: Collection[int] | None = None,
    into: date | None = None,
    only_in: date | None = None,
    during: MonthStatus = MonthStatus.OPEN,
    engine: Engine | None = None,
) -> RatingSummary:
    """Post what came late for closed months as corrections; twice is once.

    ``months`` are those to look at, else all that got usage after they were closed. Corrections go
    into the month ``into``, which must stand as ``during`` says, or into the first open month
    after the closed one; with ``only_in`` into no other one than that. Corrections there that
    rating posted before are rated again with it.
    A month whose expenses were taken out of the ledger is left alone: all of it would look late.
    """
    looked_at = months_closed_before_their_usage() if months is None else months
    total = RatingSummary()
    for month in map(month_of, sorted({month_of(day).start for day in looked_at})):
        if not has_month_partition(month):
            _log.warning("closed_month_not_corrected", month=f"{month.start:%Y-%m}", why=_TAKEN_OUT)
            continue
        for task in _tasks(month, client_ids, into, only_in, during):
            total += _correct(task, now, engine or open_engine(settings.ENGINE_URL))
    return total


def _tasks(
    month: DateRange,
    client_ids: Collection[int] | None,
    into: date | None,
    only_in: date | None,
    during: MonthStatus,
) -> Iterator[_Task]:
    targets: dict[date, list[int]] = {}
    for reseller_id in sorted(resellers_in(month.start, MonthStatus.CLOSED)):
        target = first_open_month(reseller_id, month.start) if into is None else into
        if only_in is not None and month_of(target) != month_of(only_in):
            continue
        if find_month_state(reseller_id, target).status == during:
            targets.setdefault(month_of(target).start, []).append(reseller_id)
    for target, resellers in sorted(targets.items()):
        asked = Client.objects.filter(reseller_id__in=resellers)
        found = asked if client_ids is None else asked.filter(pk__in=client_ids)
        clients = tuple(found.order_by("pk").values_list("pk", flat=True))
        if clients:
            yield _Task(month, month_of(target), clients)


def _correct(task: _Task, now: datetime, engine: Engine) -> RatingSummary:
    if not has_month_partition(task.target):
        ensure_month_partitions(task.target)
    with transaction.atomic():
        lock_month(task.month.start)
        lock_month(task.target.start)
        late_clients = put_late_meters(task.month, task.client_ids)
        contracts = contract_tables(task.month, late_clients)
        open_due()
        if late_clients:
            usage = rate_usage(engine, open_lake(task.month), contracts, task.month)
            add_due(ExpenseKind.USAGE, usage)
        late = late_usage(task.month, task.target.start, task.client_ids)
        standing = _Days(task, now)
        open_due()
        add_due(ExpenseKind.CORRECTION, _corrections(late, contracts, standing))
        analyze_due()
        found = compare(
            task.target,
            task.client_ids,
            posted=Posted.CORRECTIONS,
            corrected=task.month.start,
        )
        summary = replace(found, unrated=_unrated(task, engine, contracts, late_clients))
        if summary.changed:
            write_changes(
                task.target, reason=CORRECTION_REASON, now=now, corrected=task.month.start
            )
            fold_counts()
    _log.info("closed_month_corrected", month=f"{task.month.start:%Y-%m}", **vars(summary))
    return summary


def _unrated(
    task: _Task, engine: Engine, contracts: ContractTables, late_clients: Collection[int]
) -> int:
    """Records that came late and that nobody is billed for, since no contract prices them."""
    segments = late_segments(task.month, late_clients) if late_clients else []
    if not segments:
        return 0
    usage = open_segments(segments)
    return unrated_records(engine, usage, contracts, task.month, frozenset(late_clients))


def _corrections(
    late: Sequence[LateUsage], contracts: ContractTables, standing: _Days
) -> Iterator[pa.RecordBatch]:
    """Rows of ``RATED_SCHEMA``; asks the ledger nothing, which is busy taking them."""
    held = contracts_of(contracts)
    lines = {line.line_id: line for line in held.lines}
    rows: list[dict[str, Any]] = []
    meter, used = None, ZERO
    for each in late:
        line = lines[each.line_id].in_region(each.region_id)
        of_line = line.addendum_id, line.feature_id, line.unit_size, each.region_id
        if of_line != meter:
            meter, used = of_line, each.billed_in_month
        own = line.addendum_id, line.plan_item_id, each.region_id
        day = standing.of((*own, each.period_start.astimezone(UTC)))
        rows.append(_correction(each, line, held, used, day))
        used += each.usage
        if len(rows) == _BATCH:
            yield pa.RecordBatch.from_pylist(rows, RATED_SCHEMA)
            rows = []
    if rows:
        yield pa.RecordBatch.from_pylist(rows, RATED_SCHEMA)


@exact
def _correction(
    late: LateUsage, line: MeteredLine, held: Contracts, used: Decimal, day: date
) -> dict[str, Any]:
    rated = posting(line.rule, line.terms, used_before=used, used=late.usage)
    discount = discount_at(late.period_start, line.addendum_id, held)
    tax_rate = held.taxes.get(line.client_id, ZERO)
    owed = charge(
        rated, discount_percent=discount.percent if discount else ZERO, tax_percent=tax_rate
    )
    return {
        "line_id": line.line_id,
        "region_id": late.region_id,
        "for_date": day,
        "period_start": late.period_start,
        "period_end": late.period_end,
        "usage": late.usage,
        "rated": owed.net + owed.discount,
        "discount_id": discount.discount_id if discount else None,
        "discount_value": owed.discount,
        "money_value": owed.net,
        "tax_rate": tax_rate,
        "tax_value": owed.tax,
    }
