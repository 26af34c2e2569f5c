"""What a report may be asked for: declared parameters, their wire form, the check of given ones."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import InvalidFields

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2100, 1, 1)
"""Days that a report may ask for; years outside are slips of a hand."""

Value = str | int | bool | date | None

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID: Final = re.compile("-".join(f"[0-9A-Fa-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12)))
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")
_INTEGER_LIMIT: Final = 2**31
_LONGEST_TEXT: Final = 1_000
_UNKNOWN_SHOWN: Final = 10
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False}


class ParameterType(StrEnum):
    """The types of OpenAPI 2 that parameters have."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"


class Refused(ValueError):
    """A value that a parameter does not take; the text says what it takes."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a template.

    ``is_known`` asks the book whether the viewer may name the value; ``unknown`` is the answer
    where it may not, with ``{}`` for the value: the same words for what is not there and for what
    is another's.
    """

    name: str
    type: ParameterType
    description: str
    required: bool = False
    format: str | None = None
    enum: tuple[str, ...] = ()
    default: str | int | bool | None = None
    is_known: Callable[[Viewer, Any], bool] | None = None
    unknown: str = "There is no {}."

    def wire(self) -> dict[str, object]:
        """The parameter in the form of OpenAPI 2."""
        told: dict[str, object] = {
            "name": self.name,
            "in": "formData",
            "required": self.required,
            "type": self.type.value,
            "format": self.format,
            "enum": list(self.enum) or None,
            "description": self.description,
            "default": self.default,
        }
        return {key: value for key, value in told.items() if value is not None}

    def read(self, given: object, viewer: Viewer) -> Value:
        """The typed value of what was given as JSON or as text of a form; raises ``Refused``."""
        value = _READERS[self.type, self.format](given)
        if self.enum and value not in self.enum:
            raise Refused(f"Must be one of {', '.join(self.enum)}.")
        if self.is_known is not None and not self.is_known(viewer, value):
            raise Refused(self.unknown.format(shown(value)))
        return value


def read_parameters(
    declared: Sequence[Parameter], given: object, viewer: Viewer
) -> dict[str, Value]:
    """The value of every declared parameter, the default where none is given (null is none).

    Raises ``InvalidFields`` that names each mistake as ``parameters.<name>``.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise InvalidFields({"parameters": ["Must be an object: parameter names and values."]})
    errors = _unknown_names(declared, given)
    values: dict[str, Value] = {}
    for parameter in declared:
        try:
            values[parameter.name] = _value(parameter, given.get(parameter.name), viewer)
        except Refused as refused:
            errors[f"parameters.{parameter.name}"] = [str(refused)]
    if errors:
        raise InvalidFields(errors)
    _check_dates_in_order(values)
    return values


def shown(text: object, longest: int = 60) -> str:
    """``text`` fit for a message: cut, and with what cannot be printed escaped."""
    cut = str(text)[:longest]
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in cut)


def _unknown_names(
    declared: Sequence[Parameter], given: Mapping[object, object]
) -> dict[str, list[str]]:
    known = [parameter.name for parameter in declared]
    message = f"Unknown parameter; this template takes {', '.join(known)}."
    unknown = [name for name in given if name not in known][:_UNKNOWN_SHOWN]
    return {f"parameters.{shown(name)}": [message] for name in unknown}


def _value(parameter: Parameter, given: object, viewer: Viewer) -> Value:
    if given is not None:
        return parameter.read(given, viewer)
    if parameter.required:
        raise Refused("This parameter is required.")
    return parameter.default


def _check_dates_in_order(values: Mapping[str, Value]) -> None:
    first, last = values.get("date_from"), values.get("date_to")
    if isinstance(first, date) and isinstance(last, date) and first > last:
        message = f"date_from ({first}) is after date_to ({last})."
        raise InvalidFields({"parameters.date_from": [message]})


def _read_text(given: object) -> str:
    if not isinstance(given, str):
        raise Refused("Must be text.")
    if len(given) > _LONGEST_TEXT:
        raise Refused(f"Must have at most {_LONGEST_TEXT} characters.")
    if "\0" in given or any("\ud800" <= each <= "\udfff" for each in given):
        raise Refused("Must not hold NUL characters or lone surrogates.")
    return given


def _read_integer(given: object) -> int:
    if isinstance(given, str) and _INTEGER.fullmatch(given):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int):
        raise Refused("Must be an integer.")
    if not -_INTEGER_LIMIT <= given < _INTEGER_LIMIT:
        raise Refused(f"Must be an integer from {-_INTEGER_LIMIT} to {_INTEGER_LIMIT - 1}.")
    return given


def _read_boolean(given: object) -> bool:
    if isinstance(given, str):
        given = _TRUTH.get(given)
    if not isinstance(given, bool):
        raise Refused("Must be true or false.")
    return given


def _read_date(given: object) -> date:
    if not isinstance(given, str) or not _DAY.fullmatch(given):
        raise Refused("Must be a date as YYYY-MM-DD.")
    try:
        day = date.fromisoformat(given)
    except ValueError as error:
        raise Refused(f"Must be a date as YYYY-MM-DD; there is no day {given}.") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Refused(f"Must be a date from {FIRST_DAY} to {LAST_DAY}.")
    return day


def _read_uuid(given: object) -> str:
    if not isinstance(given, str) or not _UUID.fullmatch(given):
        raise Refused("Must be a uuid.")
    return str(UUID(given))


_READERS: Final[Mapping[tuple[ParameterType, str | None], Callable[[object], Value]]] = {
    (ParameterType.STRING, None): _read_text,
    (ParameterType.STRING, "date"): _read_date,
    (ParameterType.STRING, "uuid"): _read_uuid,
    (ParameterType.INTEGER, None): _read_integer,
    (ParameterType.BOOLEAN, None): _read_boolean,
}
