"""From measured usage to the billed quantity: unit conversion, then the item's rounding rule."""

from dataclasses import dataclass
from decimal import Decimal, Inexact
from enum import StrEnum
from fractions import Fraction

from tollbook.kernel.money import round_money
from tollbook.rating.exact import exact
from tollbook.rating.proration import prorated


class RoundWay(StrEnum):
    """Which way usage is rounded; named as the published API names it."""

    CEIL = "ceil"
    FLOOR = "floor"


@dataclass(frozen=True)
class UsageRounding:
    """Usage is rounded to a multiple of ``multiple`` billed units."""

    multiple: Decimal
    way: RoundWay


@exact
def billed_quantity(
    measured: Decimal, *, unit_size: Decimal = Decimal(1), rounding: UsageRounding | None = None
) -> Decimal:
    """Billed units of a day's whole ``measured`` usage, rounded once.

    ``unit_size`` measured units make one billed unit. Without a rounding rule the quotient is kept
    at twelve decimals, as usage is stored.
    """
    if rounding is None:
        return _quotient(measured, unit_size)
    multiples, rest = divmod(measured, unit_size * rounding.multiple)
    if rounding.way is RoundWay.CEIL and rest > 0:
        multiples += 1
    if rounding.way is RoundWay.FLOOR and rest < 0:
        multiples -= 1
    return multiples * rounding.multiple


def _quotient(measured: Decimal, unit_size: Decimal) -> Decimal:
    try:
        return round_money(measured / unit_size)
    except Inexact:  # a quotient without a finite end, such as a third
        return prorated(measured, 1 / Fraction(unit_size))
