"""Fees for a part of a month; usage and thresholds are never prorated."""

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from tollbook.kernel.money import MONEY_PLACES, round_money
from tollbook.kernel.periods import DateRange, day_start
from tollbook.rating.exact import exact

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


def days_owed(
    activated_at: datetime,
    month: DateRange,
    *,
    ended_at: datetime | None = None,
    counts_activation_day: bool = False,
) -> int:
    """Days of ``month`` that are owed; never negative, and the whole month where nothing changes.

    The day of activation is free, so the day on which service ends is owed; with
    ``counts_activation_day`` it is the other way round. So where one subscription ends in a day
    and the next begins, that day is owed once. ``ended_at`` is exclusive: an end at midnight was
    served to the end of the day before.
    """
    first = activated_at.date() + timedelta(days=0 if counts_activation_day else 1)
    begin = month.start if activated_at.date() < month.start else first
    return max(0, (_owed_until(ended_at, month, counts_activation_day) - begin).days)


def hours_owed(activated_at: datetime, day: date, *, ended_at: datetime | None = None) -> int:
    """UTC hours of ``day`` that an hourly commit is owed for.

    As with days, an hour in which service begins is free unless it begins with it, and an hour in
    which it ends is owed: an hour is owed if service holds at its start.
    """
    midnight = day_start(day)
    begin = max(midnight, activated_at)
    end = midnight + _DAY if ended_at is None else min(midnight + _DAY, ended_at)
    first = -((midnight - begin) // _HOUR)
    past = -((midnight - end) // _HOUR)
    return max(0, past - first)


@exact
def prorated(amount: Decimal, share: Fraction) -> Decimal:
    """``amount`` times ``share``, half up at the twelfth decimal: a third has no finite end."""
    part = Fraction(amount) * share
    units = math.floor(abs(part) * 10**MONEY_PLACES + Fraction(1, 2))
    return round_money(Decimal(units if part >= 0 else -units).scaleb(-MONEY_PLACES))


def _owed_until(ended_at: datetime | None, month: DateRange, counts_activation_day: bool) -> date:
    """The day after the last one that is owed."""
    if ended_at is None:
        return month.end
    if counts_activation_day:
        return min(month.end, ended_at.date())
    return min(month.end, (ended_at + _DAY - timedelta.resolution).date())
