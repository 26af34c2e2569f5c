"""What objects look like on the wire, declared once: their JSON and its schema come from here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from tollbook.kernel.money import money_text

MONEY_SCHEMA: Final = {"type": "string", "format": "decimal", "pattern": r"^-?\d{1,26}\.\d{12}$"}
UUID_SCHEMA: Final = {"type": "string", "format": "uuid"}
TEXT_SCHEMA: Final = {"type": "string"}
INTEGER_SCHEMA: Final = {"type": "integer"}
MOMENT_SCHEMA: Final = {"type": "string", "format": "date-time"}
DATE_SCHEMA: Final = {"type": "string", "format": "date"}


@dataclass(frozen=True)
class Field:
    """One property: its name, schema and meaning, and how its value is read off a row."""

    name: str
    schema: Mapping[str, Any]
    read: Callable[[Any], Any]
    description: str = ""
    required: bool = True
    parts: tuple["Shape", ...] = ()
    """The shapes that its schema refers to."""

    def property(self) -> dict[str, Any]:
        """Its JSON Schema."""
        described = {"description": self.description} if self.description else {}
        return {**self.schema, **described}


@dataclass(frozen=True)
class Shape:
    """An object of the wire under the name of its component in the document."""

    name: str
    fields: tuple[Field, ...]
    description: str
    example: Mapping[str, Any] = field(default_factory=dict)

    def row(self, item: Any) -> dict[str, Any]:
        """``item`` as it goes out."""
        return {name: read(item) for name, read in self._readers}

    @cached_property
    def _readers(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        return tuple((field.name, field.read) for field in self.fields)

    @property
    def reference(self) -> dict[str, str]:
        """The pointer to its component."""
        return {"$ref": f"#/components/schemas/{self.name}"}

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        examples = {"examples": [dict(self.example)]} if self.example else {}
        return {
            "type": "object",
            "description": self.description,
            "properties": {field.name: field.property() for field in self.fields},
            "required": [field.name for field in self.fields if field.required],
            **examples,
        }

    def components(self) -> dict[str, Any]:
        """The component of it and those of all its parts."""
        parts = [part for field in self.fields for part in field.parts]
        inner = {name: each for part in parts for name, each in part.components().items()}
        return {**inner, self.name: self.schema()}

    @property
    def page_reference(self) -> dict[str, str]:
        """The pointer to the component of a page of it."""
        return {"$ref": f"#/components/schemas/Paginated{self.name}List"}

    def page_schema(self) -> dict[str, Any]:
        """The JSON Schema of a page of it."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "description": f"A page of a list: {self.description[0].lower()}{self.description[1:]}",
            "properties": {
                "count": {
                    "type": "integer",
                    "description": "How many items there are on all pages.",
                },
                "next": {**link, "description": "The address of the next page."},
                "previous": {**link, "description": "The address of the page before."},
                "results": {"type": "array", "items": self.reference},
            },
            "required": ["count", "next", "previous", "results"],
        }


def nested(
    name: str,
    shape: Shape,
    read: Callable[[Any], Any],
    description: str = "",
    *,
    empty: bool = False,
) -> Field:
    """A property that is an object; where it may be ``empty``, ``None`` is null."""
    schema = {"oneOf": [shape.reference, {"type": "null"}]} if empty else shape.reference

    def row(item: Any) -> dict[str, Any] | None:
        inner = read(item)
        return None if empty and inner is None else shape.row(inner)

    return Field(name, schema, row, description, parts=(shape,))


def nested_list(
    name: str, shape: Shape, read: Callable[[Any], Iterable[Any]], description: str = ""
) -> Field:
    """A property that is a list of objects."""
    schema = {"type": "array", "items": shape.reference}
    return Field(
        name,
        schema,
        lambda item: [shape.row(each) for each in read(item)],
        description,
        parts=(shape,),
    )


def nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """``schema``, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def words(names: type[Enum]) -> dict[str, Any]:
    """One of a closed set of words."""
    return {"type": "string", "enum": [str(member.value) for member in names]}


def money(column: str) -> Callable[[Any], str]:
    """Reads an amount as text with exactly 12 decimals."""
    return lambda row: money_text(getattr(row, column))


def plain(column: str) -> Callable[[Any], Any]:
    """Reads an attribute that is JSON as it stands."""
    return attrgetter(column)


def text(column: str) -> Callable[[Any], str]:
    """Reads an attribute as text."""
    return lambda row: str(getattr(row, column))


def moment(column: str) -> Callable[[Any], str]:
    """Reads a moment as RFC 3339 text in UTC."""
    return lambda row: moment_text(getattr(row, column))


def moment_or_null(column: str) -> Callable[[Any], str | None]:
    """Reads a moment as RFC 3339 text in UTC, or null."""

    def read(row: Any) -> str | None:
        value: datetime | None = getattr(row, column)
        return None if value is None else moment_text(value)

    return read


def day(column: str) -> Callable[[Any], str | None]:
    """Reads a day, or null."""

    def read(row: Any) -> str | None:
        value: date | None = getattr(row, column)
        return None if value is None else value.isoformat()

    return read


def moment_text(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds and a ``Z``."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
