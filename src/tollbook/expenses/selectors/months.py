"""Which months of which resellers are open."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Max, Min

from tollbook.clients.models import Reseller
from tollbook.expenses.models import MonthState
from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.runs.late_meters import UNDER_WAY
from tollbook.kernel.periods import DateRange, month_start, months_of, next_month
from tollbook.usage.models import UsageSegment

_DAY: Final = timedelta(days=1)


def find_month_state(reseller_id: int, month: date) -> MonthState:
    """The state of the month that ``month`` is a day of; one that nobody touched is open."""
    first = month_start(month)
    state = MonthState.objects.filter(reseller_id=reseller_id, month=first).first()
    return state or MonthState(reseller_id=reseller_id, month=first)


def is_open(reseller_id: int, month: date) -> bool:
    """Whether the month may still be rated by anybody; not while it is being closed."""
    return find_month_state(reseller_id, month).status == MonthStatus.OPEN


def resellers_in(month: date, status: MonthStatus) -> set[int]:
    """The resellers whose month stands so."""
    states = MonthState.objects.filter(month=month_start(month))
    if status is MonthStatus.OPEN:
        moved_on = states.exclude(status=MonthStatus.OPEN).values("reseller_id")
        return set(Reseller.objects.exclude(pk__in=moved_on).values_list("pk", flat=True))
    return set(states.filter(status=status).values_list("reseller_id", flat=True))


def closed_resellers(month: date) -> set[int]:
    """The resellers whose month takes no more expenses: it is closed, or being closed."""
    shut = (MonthStatus.CLOSING, MonthStatus.CLOSED)
    states = MonthState.objects.filter(month=month_start(month), status__in=shut)
    return set(states.values_list("reseller_id", flat=True))


def months_closed_before_their_usage() -> list[date]:
    """Closed months that some usage was imported for when, or just before, they were closed."""
    closed = MonthState.objects.filter(status=MonthStatus.CLOSED)
    spans = closed.values_list("month").annotate(first=Min("closed_at")).order_by("month")
    return [
        month
        for month, closed_at in spans
        if UsageSegment.objects.filter(
            day__gte=month, day__lt=next_month(month), created_at__gte=closed_at - UNDER_WAY
        ).exists()
    ]


def open_months(now: datetime) -> list[date]:
    """Months to today that are open for some reseller and have usage or contracts to rate."""
    days = UsageSegment.objects.aggregate(first=Min("day"), last=Max("day"))
    this = month_start(now.date())
    first = min(days["first"] or this, this)
    last = max(days["last"] or this, this)
    every = [month.start for month in months_of(DateRange(first, last + _DAY))]
    return [month for month in every if resellers_in(month, MonthStatus.OPEN)]


def first_open_month(reseller_id: int, after: date) -> date:
    """The first day of the first open month after the one of ``after``."""
    states = MonthState.objects.filter(reseller_id=reseller_id, month__gt=month_start(after))
    taken: Collection[date] = set(
        states.exclude(status=MonthStatus.OPEN).values_list("month", flat=True)
    )
    first = next_month(after)
    while first in taken:
        first = next_month(first)
    return first


def months_not_open(reseller_id: int, *, since: date) -> list[date]:
    """The months from that of ``since`` on that are closed or being closed, by their first days."""
    states = MonthState.objects.filter(reseller_id=reseller_id, month__gte=month_start(since))
    moved_on = states.exclude(status=MonthStatus.OPEN).order_by("month")
    return list(moved_on.values_list("month", flat=True))
