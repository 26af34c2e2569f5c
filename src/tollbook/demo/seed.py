"""What makes the demo book the same every time: its seed, its months and its numbers."""

from datetime import UTC, date, datetime
from random import Random
from typing import Final

from tollbook.kernel.periods import DateRange, months_of

SEED: Final = "tollbook demo book 1"
BOOK_DAYS: Final = DateRange(date(2026, 8, 1), date(2026, 11, 1))
"""The days that have expenses: three whole months, whatever day it is today."""

BOOK_MONTHS: Final = tuple(months_of(BOOK_DAYS))
BOOK_OPENED: Final = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
"""When everything that has no history of its own is said to have been written down."""

FIRST_RESELLER_ID: Final = 101
UNCLOSED: Final = (FIRST_RESELLER_ID + 2, BOOK_MONTHS[-1].start)
"""The last month of the third reseller is still open: it has expenses and no invoices."""

FIRST_CLIENT_ID: Final = 1001
CLIENT_COUNT: Final = 200
INVOICE_COUNT: Final = 500


def chance(*purpose: object) -> Random:
    """A source of chance for one purpose, so that a change of one leaves the others alone.

    Only choices, shuffles and products with a fraction are used, which are the same on every
    platform and version.
    """
    return Random(f"{SEED}/{'/'.join(map(str, purpose))}")


def below(dice: Random, limit: int) -> int:
    """A whole number from nought up to ``limit``; several times as fast as ``randrange``."""
    return int(dice.random() * limit)
