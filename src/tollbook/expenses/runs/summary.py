"""What a rating run did."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RatingSummary:
    """Expenses by what became of them; ``unrated`` counts usage records that nothing prices.

    ``replaced`` have a new revision, ``removed`` have none. ``unpriced`` counts subscriptions
    whose plan item has no price in the contract's currency.
    """

    added: int = 0
    replaced: int = 0
    removed: int = 0
    unchanged: int = 0
    unrated: int = 0
    unpriced: int = 0

    @property
    def changed(self) -> int:
        """How many expenses were written or taken out."""
        return self.added + self.replaced + self.removed

    def __add__(self, other: "RatingSummary") -> "RatingSummary":
        """Both together."""
        return RatingSummary(
            added=self.added + other.added,
            replaced=self.replaced + other.replaced,
            removed=self.removed + other.removed,
            unchanged=self.unchanged + other.unchanged,
            unrated=self.unrated + other.unrated,
            unpriced=self.unpriced + other.unpriced,
        )
