"""What the value of a query parameter may be: how its text is read, and its JSON Schema."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from tollbook.kernel.money import MONEY_PLACES

SMALLEST_INTEGER: Final = -(2**31)
LARGEST_INTEGER: Final = 2**31 - 1
LARGEST_LONG: Final = 2**63 - 1
LONGEST_TEXT: Final = 1_000
NO_NUL: Final = r"^[^\x00]*$"

_INTEGER: Final = re.compile(r"-?[0-9]{1,400}(\.0{0,12})?")
_LONG: Final = re.compile(r"-?[0-9]{1,400}(\.0{0,12})?")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,26}(\.[0-9]{1,12})?")
_NUMBER: Final = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACES: Final = re.compile(r"[0-9]|1[0-2]")
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MOMENT: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([Tt ](?P<clock>[0-9]{2}:[0-9]{2}(:[0-9]{2})?)(?P<fraction>\.[0-9]+)?"
    r"(?P<offset>[Zz]|[ +-][0-9]{2}:[0-9]{2})?)?"
)

_LEAP: Final = ":60"
_FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)
_LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Kind:
    """A type of parameter: ``read`` takes its text or raises ``ValueError`` with what is wrong."""

    schema: Mapping[str, Any]
    read: Callable[[str], Any]


def one_of(names: type[Enum] | tuple[str, ...]) -> Kind:
    """One of a closed set of words."""
    words = names if isinstance(names, tuple) else tuple(str(member.value) for member in names)

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"This is none of {', '.join(words)}.")
        return text

    return Kind({"type": "string", "enum": list(words)}, read)


def only_one(texts: Sequence[str]) -> str:
    """The text of a parameter that may be given once."""
    if len(texts) != 1:
        raise ValueError("This is given more than once.")
    return texts[0]


def read_integer(text: str) -> int:
    """A whole number of 32 bits; ``7.0`` is one too, as clients with only floats write it."""
    if not _INTEGER.fullmatch(text):
        raise ValueError("This is no whole number.")
    number = int(text.partition(".")[0])
    if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
        raise ValueError(f"This is not between {SMALLEST_INTEGER} and {LARGEST_INTEGER}.")
    return number


def read_long(text: str) -> int:
    """A whole number of 64 bits, as rows that are many are numbered."""
    if not _LONG.fullmatch(text):
        raise ValueError("This is no whole number.")
    number = int(text.partition(".")[0])
    if not -LARGEST_LONG - 1 <= number <= LARGEST_LONG:
        raise ValueError(f"This is not between {-LARGEST_LONG - 1} and {LARGEST_LONG}.")
    return number


def read_text(text: str) -> str:
    """A text of some length."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"This is longer than {LONGEST_TEXT} characters.")
    return text


def read_boolean(text: str) -> bool:
    """``true`` or ``false`` in any case of letters."""
    words = {"true": True, "false": False}
    if text.lower() not in words:
        raise ValueError("This is neither true nor false.")
    return words[text.lower()]


def read_decimal(text: str) -> Decimal:
    """An exact amount of at most 26 integer digits and 12 decimals."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("This is no decimal number with at most 12 decimals.")
    return Decimal(text)


def read_number(text: str) -> Decimal:
    """An exact number in any form of JSON, such as ``1.5e-3``."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("This is no number.")
    return Decimal(text)


def read_uuid(text: str) -> UUID:
    """A UUID in the usual form with hyphens."""
    if not _UUID.fullmatch(text):
        raise ValueError("This is no UUID.")
    return UUID(text)


def read_places(text: str) -> int:
    """A number of decimals, or ``max`` for all there are."""
    if text != "max" and not _PLACES.fullmatch(text):
        raise ValueError(f"This is neither a number from 0 to {MONEY_PLACES} nor max.")
    return MONEY_PLACES if text == "max" else int(text)


def read_date(text: str) -> date:
    """A day as ``YYYY-MM-DD``."""
    if not _DATE.fullmatch(text):
        raise ValueError("This is no date such as 2026-10-31.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("There is no such day.") from None


def read_moment(text: str) -> datetime:
    """A moment by RFC 3339, or a day (its midnight); without an offset it is UTC.

    A space may stand for ``T``, and for the ``+`` that a query string turns into one. A leap
    second, 23:59:60 in UTC, is the first second of the next day.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("This is no date and time such as 2026-10-31T12:00:00Z, and no date.")
    day = read_date(match["day"])
    written = match["clock"] or "00:00"
    leaps = len(written) > len("23:59") and written.endswith(_LEAP)
    try:
        clock = time.fromisoformat(f"{written.removesuffix(_LEAP)}:59" if leaps else written)
        offset = _offset(match["offset"] or "Z")
    except ValueError:
        raise ValueError("There is no such time of day.") from None
    microseconds = int(((match["fraction"] or ".0")[1:] + "000000")[:6])
    moment = _shifted(datetime.combine(day, clock, tzinfo=UTC), offset, microseconds)
    if leaps and (moment.hour, moment.minute) != (23, 59):
        raise ValueError("There is no such time of day.")
    return _shifted(moment, -timedelta(seconds=leaps), moment.microsecond)


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    size = time.fromisoformat(text[1:])
    offset = timedelta(hours=size.hour, minutes=size.minute)
    return -offset if text[0] == "-" else offset


def _shifted(local: datetime, offset: timedelta, microseconds: int) -> datetime:
    """The moment in UTC; one that falls out of the years 1 to 9999 is their first or last."""
    try:
        return local.replace(microsecond=microseconds) - offset
    except OverflowError:
        return _LAST_MOMENT if local.year > 5_000 else _FIRST_MOMENT


_BOUNDS: Final = {"minimum": SMALLEST_INTEGER, "maximum": LARGEST_INTEGER}

INTEGER: Final = Kind({"type": "integer", **_BOUNDS}, read_integer)
LONG: Final = Kind(
    {"type": "integer", "minimum": -LARGEST_LONG - 1, "maximum": LARGEST_LONG}, read_long
)
TEXT: Final = Kind({"type": "string", "maxLength": LONGEST_TEXT, "pattern": NO_NUL}, read_text)
BOOLEAN: Final = Kind({"type": "boolean"}, read_boolean)
DECIMAL: Final = Kind(
    {"type": "string", "format": "decimal", "pattern": r"^-?\d{1,26}(?:\.\d{1,12})?$"},
    read_decimal,
)
NUMBER: Final = Kind({"type": "number"}, read_number)
UUID_VALUE: Final = Kind({"type": "string", "format": "uuid"}, read_uuid)
PLACES: Final = Kind({"type": "string", "pattern": "^(max|[0-9]|1[0-2])$"}, read_places)
DATE: Final = Kind({"type": "string", "format": "date"}, read_date)
MOMENT: Final = Kind({"type": "string", "format": "date-time"}, read_moment)
