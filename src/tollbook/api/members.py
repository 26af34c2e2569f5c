"""The members of a JSON body, declared once: how each is read, and its JSON Schema."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from rest_framework.request import Request

from tollbook.api.bodies import NO_FIELD
from tollbook.api.kinds import LARGEST_INTEGER, NO_NUL, read_moment
from tollbook.api.kinds import read_decimal as read_decimal_text
from tollbook.kernel.errors import InvalidFields, InvalidInput

_MOST_NAMED: Final = 10
_REQUIRED: Final = "This field is required."


@dataclass(frozen=True)
class Member:
    """One member: ``read`` takes its JSON value or raises ``ValueError`` with what is wrong."""

    name: str
    schema: Mapping[str, Any]
    read: Callable[[Any], Any]
    description: str
    required: bool = False

    def property(self) -> dict[str, Any]:
        """Its JSON Schema in a request."""
        schema = {**self.schema, "description": self.description, "writeOnly": True}
        return schema if self.required else {**schema, "type": [schema["type"], "null"]}


def read_members(body: object, members: Sequence[Member]) -> dict[str, Any]:
    """The typed values of those members that are given; ``null`` is not given.

    ``InvalidFields`` names each that is unknown, missing or cannot be taken.
    """
    if not isinstance(body, Mapping):
        raise InvalidInput("The body must be an object.", field=NO_FIELD)
    known = {member.name: member for member in members}
    message = f"Unknown field; known are {', '.join(known)}."
    errors = {str(name): [message] for name in [n for n in body if n not in known][:_MOST_NAMED]}
    values: dict[str, Any] = {}
    for member in members:
        given = body.get(member.name)
        try:
            if given is not None:
                values[member.name] = member.read(given)
            elif member.required:
                errors[member.name] = [_REQUIRED]
        except ValueError as error:
            errors[member.name] = [str(error)]
    if errors:
        raise InvalidFields(errors)
    return values


def read_changes(request: Request, members: Sequence[Member]) -> dict[str, Any]:
    """As :func:`read_members`, of a request to change something, which must say what."""
    if request.stream is None:
        raise InvalidInput("The body is missing: an object with what to change.", field=NO_FIELD)
    return read_members(request.data, members)


def members_schema(
    members: Sequence[Member], description: str, example: Mapping[str, Any]
) -> dict[str, Any]:
    """The JSON Schema of a body of these members."""
    return {
        "type": "object",
        "description": description,
        "properties": {member.name: member.property() for member in members},
        "required": sorted(member.name for member in members if member.required),
        "additionalProperties": False,
        "examples": [dict(example)],
    }


def read_id(given: object) -> int:
    """A number that a row may have."""
    if not isinstance(given, int) or isinstance(given, bool):
        raise ValueError("This is no whole number.")  # noqa: TRY004  as kinds do
    if not 1 <= given <= LARGEST_INTEGER:
        raise ValueError(f"This is not between 1 and {LARGEST_INTEGER}.")
    return given


def read_text(given: object) -> str:
    """A text."""
    if not isinstance(given, str):
        raise ValueError("This is no text.")  # noqa: TRY004  as kinds do
    return given


def read_moment_text(given: object) -> datetime:
    """A moment by RFC 3339, or a day."""
    return read_moment(read_text(given))


def read_amount(given: object) -> Decimal:
    """An exact amount: a text, as a JSON number may not keep its digits, or a whole number."""
    if isinstance(given, int) and not isinstance(given, bool):
        return read_decimal_text(str(given))
    if not isinstance(given, str):
        raise ValueError('This is no amount: write it as text, such as "12.50".')  # noqa: TRY004  as kinds do
    return read_decimal_text(given)


def read_ids(given: object) -> list[int]:
    """Some numbers that rows may have; none at all would be a slip."""
    if not isinstance(given, list) or not given:
        raise ValueError("This is no list of whole numbers, or an empty one.")
    return [read_id(each) for each in given]


ID_SCHEMA: Final = {"type": "integer", "minimum": 1, "maximum": LARGEST_INTEGER}
IDS_SCHEMA: Final = {"type": "array", "items": ID_SCHEMA, "minItems": 1}
MOMENT_SCHEMA: Final = {"type": "string", "format": "date-time"}
AMOUNT_SCHEMA: Final = {
    "type": "string",
    "format": "decimal",
    "pattern": r"^\d{1,24}(?:\.\d{1,12})?$",
}


def text_schema(longest: int) -> dict[str, Any]:
    """The JSON Schema of a text of some length."""
    return {"type": "string", "maxLength": longest, "pattern": NO_NUL}
