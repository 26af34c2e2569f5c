"""Cron text: five fields, a time zone, and the moments that they name; pure.

``minute hour day-of-month month day-of-week``. Where both days are limited one of them is enough,
as in every cron. ``L`` is the last day of the month.

A time that the clocks skip in spring comes as much later as they skip. A time that they show
twice in autumn is taken once, the first time; but a schedule of every hour has both.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, Self
from zoneinfo import ZoneInfo, available_timezones

_MONTHS: Final[Mapping[str, int]] = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        start=1,
    )
}
_DAYS: Final[Mapping[str, int]] = {
    name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
}
_PART: Final = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]{1,3}))?")
_FIELDS: Final = 5
_HOURS: Final = frozenset(range(24))
_LONGEST: Final = 200
_LAST_DAY: Final = "L"
_ONE_DAY: Final = timedelta(days=1)
_SEARCHED: Final = 366 * 12
"""Days that are looked at: a 29th of February comes after eight years at most."""


class BadCron(ValueError):
    """Text that names no times; the message says what is wrong."""


@dataclass(frozen=True)
class Cron:
    """The times that a cron text names on the clocks of a zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """From 0, which is Sunday."""
    last_day: bool
    either_day: bool
    """Whether the day of the month or that of the week is enough."""
    zone: ZoneInfo

    @classmethod
    def of(cls, text: str, zone_name: str = "UTC") -> Self:
        """Read a cron text; ``BadCron`` for one that is none, or that never comes."""
        fields = text.split()
        if len(text) > _LONGEST or len(fields) != _FIELDS:
            raise BadCron(
                "This is no cron text: five fields, minute, hour, day of month, month and day of "
                "week, such as 0 6 1 * *."
            )
        minute, hour, day, month, weekday = fields
        numbers = [part for part in day.split(",") if part.upper() != _LAST_DAY]
        found = cls(
            minutes=_numbers("minute", minute, 0, 59),
            hours=_numbers("hour", hour, 0, 23),
            days=_numbers("day of month", ",".join(numbers), 1, 31) if numbers else frozenset(),
            months=_numbers("month", month, 1, 12, _MONTHS),
            weekdays=frozenset(
                number % 7 for number in _numbers("day of week", weekday, 0, 7, _DAYS)
            ),
            last_day=len(numbers) < len(day.split(",")),
            either_day=not day.startswith("*") and not weekday.startswith("*"),
            zone=read_zone(zone_name),
        )
        if found.next_after(datetime(2000, 1, 1, tzinfo=UTC)) is None:
            raise BadCron("This never comes: there is no such day.")
        return found

    def next_after(self, moment: datetime) -> datetime | None:
        """The first of its moments after ``moment``, in UTC."""
        first = moment.astimezone(self.zone).date() - _ONE_DAY
        for offset in range(_SEARCHED):
            later = [each for each in self._on(first + offset * _ONE_DAY) if each > moment]
            if later:
                return min(later)
        return None

    def last_until(self, moment: datetime) -> datetime | None:
        """The last of its moments that is not after ``moment``, in UTC."""
        last = moment.astimezone(self.zone).date() + _ONE_DAY
        for offset in range(_SEARCHED):
            earlier = [each for each in self._on(last - offset * _ONE_DAY) if each <= moment]
            if earlier:
                return max(earlier)
        return None

    def _on(self, day: date) -> Iterator[datetime]:
        if not self._comes_on(day):
            return
        for hour in self.hours:
            for minute in self.minutes:
                shown = datetime.combine(day, time(hour, minute), tzinfo=self.zone)
                first, again = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
                yield first
                if self.hours == _HOURS and again > first:
                    yield again

    def _comes_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month = day.day in self.days or (self.last_day and (day + _ONE_DAY).day == 1)
        of_week = day.isoweekday() % 7 in self.weekdays
        return (of_month or of_week) if self.either_day else (of_month and of_week)


def read_zone(name: str) -> ZoneInfo:
    """The time zone of a name such as ``Europe/Oslo``; ``BadCron`` where there is none."""
    if name not in _zone_names():
        raise BadCron("There is no such time zone; it takes a name such as Europe/Oslo, or UTC.")
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    """Every name of a zone; the files of the system are looked through once."""
    return frozenset({"UTC", *available_timezones()})


def _numbers(
    field: str, text: str, least: int, most: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        found |= _range(field, part, least, most, names or {})
    return frozenset(found)


def _range(field: str, part: str, least: int, most: int, names: Mapping[str, int]) -> set[int]:
    match = _PART.fullmatch(part)
    if match is None:
        raise BadCron(f"The {field} cannot be read; it takes *, 5, 1-5, */15, or some with commas.")
    step = int(match["step"] or 1)
    if match["first"] is None:
        first, last = least, most
    else:
        first = _number(field, match["first"], least, most, names)
        alone = most if match["step"] else first
        last = _number(field, match["last"], least, most, names) if match["last"] else alone
    if not step or first > last:
        raise BadCron(f"The {field} goes nowhere: from {first} to {last} in steps of {step}.")
    return set(range(first, last + 1, step))


def _number(field: str, text: str, least: int, most: int, names: Mapping[str, int]) -> int:
    number = names.get(text.lower())
    if number is None and text.isascii() and text.isdigit() and len(text) <= len("59"):
        number = int(text)
    if number is None or not least <= number <= most:
        raise BadCron(f"The {field} takes numbers from {least} to {most}.")
    return number
