"""Keeping months ready: those that are missing are made, what was given up goes."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tollbook.expenses.models import DayCount
from tollbook.expenses.segments import closed_months
from tollbook.filetasks.results import result_store
from tollbook.kernel.errors import DomainError
from tollbook.kernel.periods import DateRange, month_start, next_month
from tollbook.reports.models import ReadyMonth, ReadyState
from tollbook.reports.ready_months.finding import give_up_month
from tollbook.reports.ready_months.making import (
    FEWEST_ROWS,
    NotWhatWasSealed,
    make_month,
    names_of_everybody,
)
from tollbook.reports.ready_months.sources import (
    LINES,
    RESULT,
    Source,
    differing_names,
    layout_of,
    of_spending,
    sealed_by_month,
    sources_digest,
    whole_month,
)
from tollbook.reports.templates.expense_columns import EACH_EXPENSE

_LONGEST: Final = 45.0
"""Seconds; a month that was begun by then is made, the next one waits for the next time."""
_READ_STILL: Final = timedelta(hours=6)
"""No report takes so long, and no making: after that nobody reads or writes what was given up."""
_MADE_STILL: Final = timedelta(minutes=30)
"""After that whoever began to make a month is taken for dead."""
_log = structlog.get_logger(__name__)

Wanted = Mapping[str, tuple[date, Sequence[Source]]]


def prepare_months(*, now: datetime, longest: float = _LONGEST, fewest: int = FEWEST_ROWS) -> int:
    """Make what is missing, the latest months first, for so many seconds; how many were made.

    What cannot be made is told in the log, and tried again half an hour later.
    """
    began, made = time.monotonic(), 0
    there = set(_there().values_list("sources", flat=True))
    for sources, (month, segments) in _wanted(now).items():
        if sources in there or _there().filter(sources=sources).exists():
            continue
        if time.monotonic() - began > longest:
            break
        try:
            make_month(month, segments, fewest=fewest)
        except (NotWhatWasSealed, DomainError, ValueError) as error:
            _log.error("month_not_made_ready", month=str(month), why=str(error))
        except OSError as error:
            _log.error("store_out_of_reach", month=str(month), why=str(error))
            break
        else:
            made += 1
    return made


def sweep_months(*, now: datetime) -> int:
    """Give up months that no report can use any more, and remove what was given up long ago.

    Another ledger may share the store: only files that this one knows of are removed. How many
    months went; a store out of reach is logged.
    """
    wanted, names, written = _wanted(now), names_of_everybody(), layout_of(EACH_EXPENSE)
    standing = ReadyMonth.objects.filter(state=ReadyState.READY)
    told_of = ("pk", "sources", "layout", "names")
    for number, sources, layout, told in standing.values_list(*told_of).iterator():
        if sources not in wanted:
            give_up_month(number, "it is long past, or was sealed otherwise since")
        elif layout != written:
            give_up_month(number, "another release made it")
        elif differing_names(told, names):
            give_up_month(number, "a name has changed")
    over = ReadyMonth.objects.exclude(state=ReadyState.READY).filter(
        state_since__lt=now - _READ_STILL
    )
    removed = 0
    try:
        store = result_store()
        for number, key in over.values_list("pk", "key"):
            for ending in (RESULT, LINES) if key else ():
                store.delete(key + ending)
            removed += bool(ReadyMonth.objects.filter(pk=number).delete()[0])
    except OSError as error:
        _log.warning("ready_months_not_swept", error=str(error))
    return removed


def _there() -> QuerySet[ReadyMonth]:
    """What is ready, or what somebody began to make not long ago."""
    begun = Q(state=ReadyState.MADE, state_since__gt=Now() - _MADE_STILL)
    found = ReadyMonth.objects.filter(layout=layout_of(EACH_EXPENSE))
    return found.filter(Q(state=ReadyState.READY) | begun)


def _wanted(now: datetime) -> Wanted:
    """What should be ready, the latest months first: each reseller's, then those of all of them."""
    found: dict[str, tuple[date, Sequence[Source]]] = {}
    of_all: dict[str, tuple[date, Sequence[Source]]] = {}
    for month, sealed in sorted(_sealed(now).items(), reverse=True):
        spending = _spending(month)
        for source in of_spending(sealed, spending):
            found[sources_digest(month, [source])] = month, [source]
        if sources := whole_month(sealed, spending):
            of_all[sources_digest(month, sources)] = month, sources
    return found | of_all


def _spending(month: date) -> set[int]:
    """The resellers who have any expense in the month, as far as the ledger has it."""
    counts = DayCount.objects.filter(for_date__gte=month, for_date__lt=next_month(month))
    return set(counts.order_by().values_list("reseller_id", flat=True).distinct())


def _sealed(now: datetime) -> Mapping[date, list[Source]]:
    """The sealed segments of the last months."""
    first, end = month_start(now.date()), next_month(now.date())
    for _ in range(settings.READY_MONTHS):
        first = month_start(first - timedelta(days=1))
    return sealed_by_month(closed_months(DateRange(first, end))) if settings.READY_MONTHS else {}
