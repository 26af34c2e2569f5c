"""``stepped``: graduated, each slice of the quantity at its own stage's price."""

from collections.abc import Sequence
from decimal import Decimal

from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact
from tollbook.rating.ladder import PriceStage, slices_of


@exact
def graduated_amount(quantity: Decimal, stages: Sequence[PriceStage]) -> Decimal:
    """Sum the slices of ``quantity``, each at its own stage's price; exact, the caller rounds.

    On which side of a threshold the boundary unit falls makes no difference here.
    """
    return sum((part * stage.price for stage, part in slices_of(quantity, stages)), ZERO)
