"""From the rated amount to what is owed: discount, bonus credit, tax, in this order."""

from dataclasses import dataclass
from decimal import Decimal

from tollbook.kernel.money import ZERO, round_money
from tollbook.rating.exact import exact


@dataclass(frozen=True)
class Charge:
    """What an expense stores, each at twelve decimals.

    ``net`` is after discount and before bonus credit and tax; ``net + discount`` is the rated
    amount; ``tax`` is on what bonus credit leaves of ``net``.
    """

    net: Decimal
    discount: Decimal
    bonus: Decimal
    tax: Decimal

    @property
    def taxable(self) -> Decimal:
        """What remains to be taxed."""
        return self.net - self.bonus

    @property
    def due(self) -> Decimal:
        """What remains to be paid."""
        return self.taxable + self.tax


@exact
def charge(
    rated: Decimal,
    *,
    discount_percent: Decimal = ZERO,
    tax_percent: Decimal = ZERO,
    bonus_available: Decimal = ZERO,
) -> Charge:
    """Take the discount off ``rated``, then bonus credit as far as it goes, then add tax."""
    whole = round_money(rated)
    net = round_money(rated - percent_of(rated, discount_percent)) if discount_percent else whole
    bonus = max(ZERO, min(bonus_available, net))
    return Charge(
        net=net,
        discount=whole - net,
        bonus=bonus,
        tax=round_money(percent_of(net - bonus, tax_percent)) if tax_percent else ZERO,
    )


@exact
def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """``percent`` hundredths of ``amount``; exact."""
    return (amount * percent).scaleb(-2)
