"""Closed sets of contracts, and what a trial comes to at a moment."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import TextChoices

LARGEST_LIMIT: Final = 2**31 - 1
"""Of days or of an option of a trial; the least is nought."""

Span = tuple[datetime, datetime | None]
"""A time when a trial runs, half-open; an empty end is open."""

_DAY: Final = timedelta(days=1)


class AddendumStatus(TextChoices):
    """Where an addendum stands in its life."""

    UPCOMING = "upcoming", "upcoming"
    ACTIVE = "active", "active"
    PAUSED = "paused", "paused"
    STOPPED = "stopped", "stopped"


class TrialState(StrEnum):
    """Where a trial stands at a moment; only a running one makes usage free."""

    SKIPPED = "skipped"
    NOT_STARTED = "not started"
    RUNNING = "running"
    RESTING = "resting"
    LIMIT_REACHED = "limit reached"
    DAYS_OVER = "days over"


class StopOutcome(StrEnum):
    """What stopping came to for one subscription."""

    STOPPED = "stopped"
    ALREADY = "already stopped"
    NOT_POSSIBLE = "not stopped"


def stop_outcome(start: datetime, end: datetime | None, at: datetime) -> StopOutcome:
    """What stopping a subscription of this range at a moment comes to.

    One that ended at the moment or before is not touched, and one that begins only then or later
    cannot be stopped by it.
    """
    if end is not None and end <= at:
        return StopOutcome.ALREADY
    return StopOutcome.STOPPED if start < at else StopOutcome.NOT_POSSIBLE


def status_at(
    status: AddendumStatus, start: datetime | None, end: datetime | None, moment: datetime
) -> AddendumStatus:
    """Where an addendum of this range stands at ``moment``, if its ``status`` is this today.

    The range decides; of a pause only today's is recorded, so it counts for the whole range.
    """
    if start is not None and moment < start:
        return AddendumStatus.UPCOMING
    if end is not None and moment >= end:
        return AddendumStatus.STOPPED
    return AddendumStatus.PAUSED if status == AddendumStatus.PAUSED else AddendumStatus.ACTIVE


def time_used(spans: Iterable[Span], now: datetime) -> timedelta:
    """How long a trial has run until ``now``; times that overlap count once."""
    used, counted_to = timedelta(), None
    for start, end in sorted(spans, key=_start):
        first = start if counted_to is None else max(start, counted_to)
        last = now if end is None else min(end, now)
        if last > first:
            used += last - first
            counted_to = last
    return used


def remaining_days(days_limit: int, spans: Iterable[Span], now: datetime) -> int:
    """Whole days of ``days_limit`` that are left at ``now``; never negative."""
    return max(0, days_limit + -time_used(spans, now) // _DAY)


def remaining_value(value: int, used_value: int) -> int:
    """How much of an option is left; never negative, whatever has been used beyond."""
    return max(0, value - used_value)


def is_skipped(marked: bool, spans: Iterable[Span], now: datetime) -> bool:
    """Whether the client goes without the trial: ``marked`` so, and it has not begun since."""
    return marked and not any(start <= now for start, _ in spans)


def trial_state(
    *,
    marked_skipped: bool,
    days_limit: int,
    limits: Iterable[int],
    spans: Iterable[Span],
    now: datetime,
) -> TrialState:
    """Where a trial stands at ``now``; ``limits`` are what is left of each limiting option.

    It ends with its days or with its first limit, whichever comes first, and rests between times
    when it runs. Raising what has run out lets it go on.
    """
    spans = tuple(spans)
    if is_skipped(marked_skipped, spans, now):
        return TrialState.SKIPPED
    if not any(start <= now for start, _ in spans):
        return TrialState.NOT_STARTED
    if any(left <= 0 for left in limits):
        return TrialState.LIMIT_REACHED
    if time_used(spans, now) // _DAY >= days_limit:
        return TrialState.DAYS_OVER
    runs = any(start <= now and (end is None or now < end) for start, end in spans)
    return TrialState.RUNNING if runs else TrialState.RESTING


def _start(span: Span) -> datetime:
    return span[0]
