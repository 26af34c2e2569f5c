"""How much the clients use: whole measured units by feature, day and hour."""

from datetime import date
from decimal import ROUND_CEILING, Decimal
from random import Random
from typing import Final

from tollbook.demo.seed import BOOK_DAYS, below
from tollbook.demo.tariffs import Tariff
from tollbook.kernel.money import ZERO
from tollbook.rating.rules import CalcRule

_GB: Final = 10**9
_DAILY: Final = {
    101: (2 * _GB, 30 * _GB), 102: (50_000, 2_000_000), 103: (_GB // 5, 4 * _GB),
    201: (20 * _GB, 500 * _GB), 202: (20_000, 500_000), 203: (_GB // 2, 15 * _GB),
    301: (0, 2), 302: (_GB, 12 * _GB), 401: (40, 1500), 402: (500, 20_000),
    403: (_GB, 25 * _GB), 502: (96, 1500), 503: (480, 20_000), 504: (24, 200), 501: (24, 300),
    901: (0, 4), 1001: (0, 3), 1002: (40_000, 6_000_000), 1501: (0, 200), 2101: (30_000, 900_000),
    2102: (90_000, 40_000_000), 2301: (0, 2), 2302: (60_000, 3_000_000),
}  # fmt: skip
"""Lowest and highest usual measured units a day of a client of size one, in one region."""

_HOURLY: Final = {501: (2, 12), 3201: (1, 2)}
"""Lowest and highest commit for every hour of a client of size one."""

_SMALL: Final = frozenset({301, 901, 1001, 1501, 2301, 501, 502, 503, 504, 3201})
"""Features whose usage grows with the root of a client's size rather than with the size."""

_WEEKDAY: Final = (104, 108, 110, 107, 103, 88, 80)
_HOUR: Final = (
    60, 52, 48, 45, 47, 55, 70, 88, 104, 115, 120, 122, 121, 124, 125, 120, 116, 112, 110, 108, 104,
    96, 84, 70,
)  # fmt: skip
_COMMIT_DAYS: Final = 30


def usual_daily(feature_id: int, size: int, dice: Random) -> int:
    """What one line uses on a usual day, drawn anew for each line."""
    low, high = _DAILY[feature_id]
    return dice.randrange(low, high + 1) * _scale(feature_id, size)


def measured_on(day: date, usual: int, trend: int, dice: Random) -> int:
    """Measured units of ``day``: week, trend (per mille a day) and chance over the usual."""
    passed = (day - BOOK_DAYS.start).days
    return (
        usual
        * _WEEKDAY[day.weekday()]
        * (1000 + trend * passed)
        * (700 + below(dice, 601))
        // (100 * 1000 * 1000)
    )


def measured_in_hours(hours: range, usual: int, dice: Random) -> list[Decimal]:
    """Measured units of each of ``hours`` of a day, around ``usual`` for an hour."""
    return [Decimal(usual * _HOUR[hour] * (60 + below(dice, 81)) // 10_000) for hour in hours]


def usual_commit(tariff: Tariff, size: int, dice: Random) -> Decimal:
    """The quantity that a client of ``size`` commits to, zero where the item takes none."""
    if tariff.rule is CalcRule.COMMIT_HOURLY:
        low, high = _HOURLY[tariff.feature_id]
        return Decimal(dice.randrange(low, high + 1) * _scale(tariff.feature_id, size))
    if tariff.rule is not CalcRule.COMMIT:
        return ZERO
    if tariff.feature_id not in _DAILY:
        return Decimal(1)
    share = dice.randrange(40, 120)
    monthly = sum(_DAILY[tariff.feature_id]) * _scale(tariff.feature_id, size) * _COMMIT_DAYS // 2
    units = Decimal(monthly * share) / (100 * _BILLED_UNIT.get(tariff.feature_id, 1))
    return units.to_integral_value(ROUND_CEILING)


def _scale(feature_id: int, size: int) -> int:
    return {1: 1, 8: 3, 60: 8}[size] if feature_id in _SMALL else size


_BILLED_UNIT: Final = {101: _GB, 1501: 60}
"""Measured units in one billed unit of the features that are committed to."""
