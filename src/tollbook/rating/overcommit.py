"""``overcommit``: what goes beyond the commit; without a commit it is pay-as-you-go."""

from collections.abc import Sequence
from decimal import Decimal

from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact
from tollbook.rating.ladder import PriceStage
from tollbook.rating.stepped import graduated_amount


@exact
def excess_quantity(used: Decimal, committed: Decimal) -> Decimal:
    """How much of ``used`` lies beyond ``committed``, at least zero."""
    return max(ZERO, used - committed)


def overcommit_amount(
    used: Decimal, stages: Sequence[PriceStage], *, committed: Decimal = ZERO
) -> Decimal:
    """Price the excess of month-to-date usage; a ladder is graduated and starts at no excess."""
    return graduated_amount(excess_quantity(used, committed), stages)
