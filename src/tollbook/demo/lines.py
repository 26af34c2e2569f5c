"""The priced lines of the demo's contracts: one subscription in one region each."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from tollbook.demo.agreements import DemoAddendum, DemoDiscount, DemoSubscription
from tollbook.demo.seed import BOOK_DAYS
from tollbook.kernel.periods import DateRange, day_start

ONE_DAY: Final = timedelta(days=1)
_REGIONS_BY_SIZE: Final = {1: 3, 8: 5, 60: None}
_MIDNIGHT: Final = {
    day: day_start(day) for day in DateRange(BOOK_DAYS.start, BOOK_DAYS.end + ONE_DAY)
}


@dataclass(frozen=True)
class Line:
    """One subscription in one region: what an expense takes its ids and its price from."""

    number: int
    addendum: DemoAddendum
    subscription: DemoSubscription
    region_id: int

    def days(self) -> list[date]:
        """The days of the book on which it is active."""
        first = self.addendum.active_from.date()
        end = self.addendum.active_to
        return [d for d in BOOK_DAYS if d >= first and (end is None or d < end.date())]

    def start_on(self, day: date) -> datetime:
        """When service starts on ``day``: at midnight, or at the activation."""
        return max(_MIDNIGHT[day], self.addendum.active_from)

    def period_on(self, day: date) -> tuple[datetime, datetime]:
        """When service was used on ``day``."""
        return self.start_on(day), _MIDNIGHT[day + ONE_DAY]

    def discount_on(self, moment: datetime) -> DemoDiscount | None:
        """The discount that is active at ``moment``."""
        return next((d for d in self.addendum.discounts if d.holds_at(moment)), None)


def lines_of(addendums: tuple[DemoAddendum, ...]) -> list[Line]:
    """Every priced line of the contracts, numbered from nought; small clients use few regions."""
    lines: list[Line] = []
    for addendum in addendums:
        for subscription in addendum.subscriptions:
            regions = subscription.tariff.regions
            used = regions[: _REGIONS_BY_SIZE[addendum.client.size]]
            lines += [
                Line(len(lines) + nth, addendum, subscription, region_id)
                for nth, region_id in enumerate(used)
            ]
    return lines
