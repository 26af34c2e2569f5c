"""``commit_hourly``: a committed quantity for each UTC hour, owed in every hour."""

from collections.abc import Iterable
from decimal import Decimal

from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact
from tollbook.rating.overcommit import excess_quantity


@exact
def committed_hours(committed: Decimal, hours: int) -> Decimal:
    """The quantity owed for ``hours`` hours: unit-hours, used or not."""
    return committed * hours


@exact
def commit_hourly_amount(quantity: Decimal, price: Decimal) -> Decimal:
    """Price the owed unit-hours; exact, the caller rounds."""
    return quantity * price


@exact
def hourly_excess(hours: Iterable[Decimal], committed: Decimal) -> Decimal:
    """Unit-hours beyond the commit, hour by hour: a quiet hour does not pay for a busy one.

    They are billed by the ``overcommit`` item, whose own commit is then zero.
    """
    return sum((excess_quantity(used, committed) for used in hours), ZERO)
