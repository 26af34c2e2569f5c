"""Keeping months ready: those that are missing are made, files that no month names go."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from tollbook.expenses.segments import closed_months
from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange, month_start, next_month
from tollbook.reports.models import ReadyMonth
from tollbook.reports.ready_months.making import FEWEST_ROWS, NotWhatWasSealed, make_month
from tollbook.reports.ready_months.sources import (
    FOLDER,
    LINES,
    RESULT,
    Source,
    layout_of,
    sources_digest,
)
from tollbook.reports.templates.expense_columns import EACH_EXPENSE

_LONGEST: Final = 45.0
"""Seconds; a month that was begun by then is made, the next one waits for the next time."""
_READ_STILL: Final = timedelta(hours=6)
"""No report takes so long: files that no month names any more are read by nobody after that."""
_log = structlog.get_logger(__name__)

Wanted = Mapping[str, tuple[date, Sequence[Source]]]


def prepare_months(*, now: datetime, longest: float = _LONGEST, fewest: int = FEWEST_ROWS) -> int:
    """Make what is missing, the latest months first, for so many seconds; how many were made.

    What cannot be made is told in the log, and tried again the next time.
    """
    wanted = _wanted(now)
    there = set(
        ReadyMonth.objects.filter(layout=layout_of(EACH_EXPENSE)).values_list("sources", flat=True)
    )
    began, made = time.monotonic(), 0
    for sources, (month, segments) in wanted.items():
        if sources in there:
            continue
        if time.monotonic() - began > longest:
            break
        try:
            make_month(month, segments, fewest=fewest)
        except (NotWhatWasSealed, OSError) as error:
            _log.error("month_not_made_ready", month=str(month), reason=str(error))
        else:
            made += 1
    return made


def sweep_months(*, now: datetime) -> int:
    """Forget months that no report can use any more, and remove files that no month names.

    How many files were removed; a store out of reach is logged.
    """
    ReadyMonth.objects.exclude(sources__in=_wanted(now)).delete()
    named = set(ReadyMonth.objects.exclude(key="").values_list("key", flat=True))
    try:
        store = result_store()
        old = store.old_keys(FOLDER, now - _READ_STILL)
        doomed = [key for key in old if key.removesuffix(RESULT).removesuffix(LINES) not in named]
        for key in doomed:
            store.delete(key)
    except OSError as error:
        _log.warning("ready_months_not_swept", error=str(error))
        return 0
    return len(doomed)


def _wanted(now: datetime) -> Wanted:
    """What should be ready: each reseller's month, and that of all resellers who sealed it."""
    found: dict[str, tuple[date, Sequence[Source]]] = {}
    for month, sources in _sealed(now):
        groups = [[source] for source in sources]
        for group in (sources, *groups):
            found.setdefault(sources_digest(month, group), (month, group))
    return found


def _sealed(now: datetime) -> Iterator[tuple[date, list[Source]]]:
    """The sealed segments of the last months, the latest month first."""
    first, end = month_start(now.date()), next_month(now.date())
    for _ in range(settings.READY_MONTHS):
        first = month_start(first - timedelta(days=1))
    by_month: dict[date, list[Source]] = {}
    if settings.READY_MONTHS:
        for reseller_id, month, key, digest in closed_months(DateRange(first, end)):
            if key:
                by_month.setdefault(month, []).append(Source(reseller_id, digest, key))
    yield from sorted(by_month.items(), reverse=True)
