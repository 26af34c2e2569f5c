"""Exact amounts as a document prints them: every line in minor units, the residual in the open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tollbook.kernel.money import ZERO, round_money
from tollbook.rating.charge import percent_of
from tollbook.rating.exact import exact


@dataclass(frozen=True)
class PrintedTotals:
    """Lines, their residual and the totals, in minor units: ``sum(lines) + rounding == untaxed``.

    ``unprinted`` is the exact sum less ``untaxed``: under half a minor unit, and never lost.
    """

    lines: tuple[Decimal, ...]
    rounding: Decimal
    untaxed: Decimal
    tax: Decimal
    unprinted: Decimal

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.untaxed + self.tax


@exact
def printed_totals(
    lines: Sequence[tuple[Decimal, Decimal]], *, minor_unit: int = 2
) -> PrintedTotals:
    """Round ``(amount, tax percent)`` lines half up, and the sums from the exact amounts."""
    printed = tuple(round_money(amount, places=minor_unit) for amount, _ in lines)
    exact_sum = sum((amount for amount, _ in lines), ZERO)
    untaxed = round_money(exact_sum, places=minor_unit)
    taxes = (
        round_money(percent_of(base, percent), places=minor_unit)
        for percent, base in _bases(lines).items()
    )
    return PrintedTotals(
        lines=printed,
        rounding=untaxed - sum(printed, ZERO),
        untaxed=untaxed,
        tax=sum(taxes, ZERO),
        unprinted=exact_sum - untaxed,
    )


def _bases(lines: Sequence[tuple[Decimal, Decimal]]) -> Mapping[Decimal, Decimal]:
    bases: dict[Decimal, Decimal] = {}
    for amount, percent in lines:
        bases[percent] = bases.get(percent, ZERO) + amount
    return bases
