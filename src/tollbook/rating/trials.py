"""Trials: usage in their ranges and below their limits is free, whichever ends first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact

_ALWAYS: Final = 9_999 * 366
"""Days that no calendar has."""

type_of_span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class TrialLimit:
    """How much of a feature is left to be free; ``ends_trial`` where using it up ends it all."""

    left: Decimal
    ends_trial: bool


@dataclass(frozen=True)
class TrialUse:
    """Measured usage of a feature within the ranges of a trial, on one day."""

    feature_id: int
    day: date
    amount: Decimal


def free_spans(spans: Iterable[type_of_span], days_limit: int) -> tuple[type_of_span, ...]:
    """When a trial makes usage free: its ranges in order, until ``days_limit`` days have run.

    Ranges that overlap or touch count once and become one. An empty end is open.
    """
    left = timedelta(days=min(days_limit, _ALWAYS))
    free: list[type_of_span] = []
    for start, end in _merged(spans):
        if left <= timedelta():
            break
        cut = _cut(start, end, left)
        free.append((start, cut))
        left -= (cut - start) if cut is not None else left
    return tuple(free)


@exact
def free_amounts(uses: Sequence[TrialUse], limits: dict[int, TrialLimit]) -> list[Decimal]:
    """How much of each of ``uses`` is free, in their order; ``limits`` by feature.

    Uses of one day take from what is left in the order given. A limit that is used up in a day ends
    the trial with that day: what else is used on it is free, the days after are not. A feature
    without a limit is free as long as the trial runs.
    """
    last_day = _last_day(uses, limits)
    left = {feature_id: limit.left for feature_id, limit in limits.items()}
    free: dict[int, Decimal] = {}
    for number in _by_day(uses):
        use = uses[number]
        part = ZERO if last_day is not None and use.day > last_day else use.amount
        if use.feature_id in left:
            part = max(ZERO, min(part, left[use.feature_id]))
            left[use.feature_id] -= part
        free[number] = part
    return [free[number] for number in range(len(uses))]


def _last_day(uses: Sequence[TrialUse], limits: dict[int, TrialLimit]) -> date | None:
    """The last free day of a trial that ends by a limit."""
    ending = {feature_id: limit.left for feature_id, limit in limits.items() if limit.ends_trial}
    if any(left <= 0 for left in ending.values()):
        return date.min
    for number in _by_day(uses):
        use = uses[number]
        if use.feature_id in ending:
            ending[use.feature_id] -= use.amount
            if ending[use.feature_id] <= 0:
                return use.day
    return None


def _by_day(uses: Sequence[TrialUse]) -> list[int]:
    return sorted(range(len(uses)), key=lambda number: uses[number].day)


def _merged(spans: Iterable[type_of_span]) -> list[type_of_span]:
    merged: list[type_of_span] = []
    for start, end in sorted(spans, key=lambda span: span[0]):
        if end is not None and end <= start:
            continue
        if merged and ((last := merged[-1][1]) is None or start <= last):
            both = None if last is None or end is None else max(last, end)
            merged[-1] = (merged[-1][0], both)
        else:
            merged.append((start, end))
    return merged


def _cut(start: datetime, end: datetime | None, left: timedelta) -> datetime | None:
    """The end of a range that may run for ``left``; open only past the end of the calendar."""
    longest = datetime.max.replace(tzinfo=start.tzinfo) - start
    if left > longest:
        return end
    return start + left if end is None else min(end, start + left)
