"""Closed sets of expenses and of the months they are in."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class ExpenseKind(TextChoices):
    """What an expense is for, as part of its identity."""

    USAGE = "usage", "usage"
    FEE = "fee", "fixed fee"
    CORRECTION = "correction", "correction of a closed month"
    CREDIT = "credit", "bonus credit used"


class MonthStatus(TextChoices):
    """Where a reseller's month stands."""

    OPEN = "Open", "open"
    CLOSING = "Closing", "being closed"
    CLOSED = "Closed", "closed"


NEXT_STATUSES: Final[Mapping[MonthStatus, frozenset[MonthStatus]]] = {
    MonthStatus.OPEN: frozenset({MonthStatus.OPEN, MonthStatus.CLOSING}),
    MonthStatus.CLOSING: frozenset({MonthStatus.OPEN, MonthStatus.CLOSING, MonthStatus.CLOSED}),
    MonthStatus.CLOSED: frozenset(),
}
"""What a month may become; staying as it is lets a step that was killed begin again."""
