"""``staged``: volume, the whole quantity at the price of the stage it reaches."""

from collections.abc import Sequence
from decimal import Decimal

from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact
from tollbook.rating.ladder import PriceStage


@exact
def volume_amount(
    quantity: Decimal, stages: Sequence[PriceStage], *, threshold_is_in_new_stage: bool = True
) -> Decimal:
    """Price the whole of ``quantity`` at the stage reached; exact, the caller rounds.

    Cost to date may fall as usage grows: the cheaper stage holds for all units.
    """
    if quantity <= 0:
        return ZERO
    return (
        quantity
        * stage_reached(quantity, stages, threshold_is_in_new_stage=threshold_is_in_new_stage).price
    )


def stage_reached(
    quantity: Decimal, stages: Sequence[PriceStage], *, threshold_is_in_new_stage: bool = True
) -> PriceStage:
    """The stage whose price holds for the whole of ``quantity``."""
    reached = stages[0]
    for stage in stages[1:]:
        at_threshold = threshold_is_in_new_stage and quantity == stage.threshold
        if quantity > stage.threshold or at_threshold:
            reached = stage
    return reached
