"""Half-open ranges of days and the months they fall in; always UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, order=True)
class DateRange:
    """Days from ``start`` up to and without ``end``; never empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a range of days needs start < end, not {self.start} .. {self.end}")

    @property
    def days(self) -> int:
        """How many days the range holds."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=offset) for offset in range(self.days))

    def __str__(self) -> str:
        return f"{self.start}/{self.end}"


def month_start(day: date) -> date:
    """The first day of the month of ``day``."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after that of ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_of(day: date) -> DateRange:
    """The whole month that ``day`` falls in."""
    return DateRange(month_start(day), next_month(day))


def months_of(days: DateRange) -> Iterator[DateRange]:
    """The whole months that ``days`` touches, in order."""
    first = month_start(days.start)
    while first < days.end:
        yield DateRange(first, next_month(first))
        first = next_month(first)


def number_of_months(days: DateRange) -> int:
    """How many months ``days`` touches."""
    last = days.end - timedelta(days=1)
    return 12 * (last.year - days.start.year) + last.month - days.start.month + 1


def day_start(day: date) -> datetime:
    """Midnight UTC at the start of ``day``, aware."""
    return datetime.combine(day, time.min, tzinfo=UTC)
