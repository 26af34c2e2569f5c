"""``commit``: a fixed fee for a committed quantity, owed whether it is used or not."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange
from tollbook.rating.exact import exact
from tollbook.rating.proration import days_owed, prorated


@dataclass(frozen=True)
class Committed:
    """What is committed of a feature: for the month, and for each hour where it is by the hour."""

    monthly: Decimal = ZERO
    hourly: Decimal | None = None


@exact
def commit_fee(committed: Decimal, price: Decimal) -> Decimal:
    """The fee of a whole calendar month: the monthly price of one unit times the commit."""
    return committed * price


def first_commit_fee(
    committed: Decimal,
    price: Decimal,
    *,
    activated_at: datetime,
    month: DateRange,
    ended_at: datetime | None = None,
    counts_activation_day: bool = False,
) -> Decimal:
    """The fee of ``month`` for what was activated in it or before; at the twelfth decimal.

    What ends in the month (a subscription's ``active_to``) is owed until then; see ``days_owed``.
    """
    owed = days_owed(
        activated_at, month, ended_at=ended_at, counts_activation_day=counts_activation_day
    )
    return prorated(commit_fee(committed, price), Fraction(owed, month.days))
