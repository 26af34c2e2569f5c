"""The steps of an explanation, each a number that the one before leads to."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tollbook.rating.charge import Charge
from tollbook.rating.rules import CalcRule
from tollbook.rating.usage import UsageRounding


class Origin(StrEnum):
    """How an expense came to be."""

    USAGE = "usage"
    FEE = "fee"
    CORRECTION = "correction"
    """Of a closed month, by rating: usage that came late."""
    BY_HAND = "by_hand"
    """Written by people; its amount is what they wrote."""
    CREDIT = "credit"
    """Bonus credit that a closing used."""


@dataclass(frozen=True)
class RecordStep:
    """A usage record as it lies in the lake."""

    record_id: str
    resource_id: str | None
    period_start: datetime
    period_end: datetime
    amount: Decimal


@dataclass(frozen=True)
class RecordsStep:
    """The usage records of the day; ``shown`` are the first of ``count``."""

    count: int
    measured: Decimal
    shown: tuple[RecordStep, ...]


@dataclass(frozen=True)
class QuantityStep:
    """From what was measured to billed units.

    ``free`` is what a trial covers. ``charged`` is what is left and, where there is an hourly
    commit, what of it exceeds ``hourly_commit`` (in measured units), hour by hour. ``posted`` is
    what was billed for the day before, where this corrects it.
    """

    free: Decimal
    hourly_commit: Decimal | None
    charged: Decimal
    unit_size: Decimal
    rounding: UsageRounding | None
    billed: Decimal
    posted: Decimal
    quantity: Decimal


@dataclass(frozen=True)
class SliceStep:
    """A part of a quantity at the price of the stage that it lies in."""

    threshold: Decimal
    price: Decimal
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class PricedStep:
    """What the month's usage costs up to some point; ``priced`` of ``used`` is beyond the commit
    where the rule knows one.
    """

    used: Decimal
    priced: Decimal
    slices: tuple[SliceStep, ...]
    cost: Decimal


@dataclass(frozen=True)
class MonthStep:
    """The month to date, before and after; what it adds to the cost is the rated amount."""

    rule: CalcRule
    committed: Decimal
    before: PricedStep
    after: PricedStep

    @property
    def commit_used(self) -> Decimal:
        """How much of the commit the month has used up."""
        return min(self.committed, self.after.used)

    @property
    def commit_left(self) -> Decimal:
        """How much of it is left."""
        return self.committed - self.commit_used


@dataclass(frozen=True)
class FeeStep:
    """A fee: ``owed`` of ``of`` (days of the month, or hours of the day) for ``committed``."""

    rule: CalcRule
    committed: Decimal
    price: Decimal
    owed: int
    of: int
    quantity: Decimal
    whole: Decimal
    rated: Decimal


@dataclass(frozen=True)
class ChargeStep:
    """From the rated amount to tax; what bonus credit takes is an expense of its own."""

    rated: Decimal
    discount_id: int | None
    discount_percent: Decimal
    tax_rate: Decimal
    charge: Charge


@dataclass(frozen=True)
class Explanation:
    """Every step; those that do not apply are none.

    ``matches`` tells whether the steps, by the records and contracts of today, come to the amounts
    that are stored: a revision that was replaced, and a closed month whose prices have changed
    since, may not.
    """

    origin: Origin
    charge: ChargeStep
    matches: bool
    records: RecordsStep | None = None
    quantity: QuantityStep | None = None
    month: MonthStep | None = None
    fees: tuple[FeeStep, ...] = ()
    credit_expense_ids: tuple[int, ...] = ()
