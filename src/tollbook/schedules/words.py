"""Words for days that move with the moment a schedule fires: ``{previous_month.start}``; pure.

Ends are exclusive, as ``date_to`` of a report is: the end of a month is the first of the next.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from tollbook.kernel.periods import month_start, next_month

_BACK: Final = re.compile(r"\{today-([1-9][0-9]{0,3})\}")
_WORD: Final = re.compile(r"\{.*\}", re.DOTALL)


class UnknownWord(ValueError):
    """Braces around what is no word; the message says which there are."""


def _week_start(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _quarter_start(day: date) -> date:
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def _year_start(day: date) -> date:
    return date(day.year, 1, 1)


def _before(start: Callable[[date], date]) -> Callable[[date], date]:
    """The start of the period before the one that starts so."""
    return lambda day: start(start(day) - timedelta(days=1))


def _after(start: Callable[[date], date], longest: int) -> Callable[[date], date]:
    """The start of the period after; no period is longer than ``longest`` days."""
    return lambda day: start(start(day) + timedelta(days=longest))


WORDS: Final[Mapping[str, Callable[[date], date]]] = {
    "{today}": lambda day: day,
    "{yesterday}": lambda day: day - timedelta(days=1),
    "{tomorrow}": lambda day: day + timedelta(days=1),
    "{this_week.start}": _week_start,
    "{this_week.end}": _after(_week_start, 7),
    "{previous_week.start}": _before(_week_start),
    "{previous_week.end}": _week_start,
    "{this_month.start}": month_start,
    "{this_month.end}": next_month,
    "{previous_month.start}": _before(month_start),
    "{previous_month.end}": month_start,
    "{this_quarter.start}": _quarter_start,
    "{this_quarter.end}": _after(_quarter_start, 92),
    "{previous_quarter.start}": _before(_quarter_start),
    "{previous_quarter.end}": _quarter_start,
    "{this_year.start}": _year_start,
    "{this_year.end}": _after(_year_start, 366),
    "{previous_year.start}": _before(_year_start),
    "{previous_year.end}": _year_start,
}
"""What each word means on a day; weeks begin on Mondays. There is ``{today-7}`` as well."""


def resolve(parameters: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The parameters with a day in place of each word; ``UnknownWord`` names what is none."""
    return {name: _resolved(value, today) for name, value in parameters.items()}


def unknown_words(parameters: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each value that looks like a word and is none, by parameter."""
    wrong = {}
    for name, value in parameters.items():
        try:
            _resolved(value, date(2026, 1, 1))
        except UnknownWord as error:
            wrong[name] = str(error)
    return wrong


def _resolved(value: Any, today: date) -> Any:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        return value
    if back := _BACK.fullmatch(value):
        return (today - timedelta(days=int(back[1]))).isoformat()
    if value not in WORDS:
        raise UnknownWord(f"There is no such word; known are {', '.join(WORDS)} and {{today-7}}.")
    return WORDS[value](today).isoformat()
