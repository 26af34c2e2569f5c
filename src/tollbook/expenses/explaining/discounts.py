"""Which discount holds."""

from datetime import datetime

from tollbook.rating.metered import Contracts, DiscountSpan


def discount_at(moment: datetime, addendum_id: int, contracts: Contracts) -> DiscountSpan | None:
    """The discount that is active at ``moment``; of several the one with the lowest number."""
    own = [one for one in contracts.discounts if one.addendum_id == addendum_id]
    return min(
        (one for one in own if one.holds_at(moment)),
        key=lambda one: one.discount_id,
        default=None,
    )
