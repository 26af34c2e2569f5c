"""Filters of lists, declared as data: name, kind of value, and the condition that it makes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from tollbook.api.kinds import Kind, only_one
from tollbook.kernel.errors import InvalidFields

Condition = Callable[[Any], Any]


@dataclass(frozen=True)
class Filter:
    """One query parameter of a list.

    ``condition`` makes of its value what the list's rows are narrowed by: a ``Q`` for tables, a
    predicate for lists in memory. One that is ``several`` takes many values, repeated or (the form
    its document shows where ``commas``) separated by commas, and its condition takes them all as a
    tuple; ``nullable`` lets ``null`` be one of them.
    """

    name: str
    kind: Kind
    condition: Condition
    description: str
    several: bool = False
    commas: bool = False
    nullable: bool = False

    def read(self, texts: Sequence[str]) -> Any:
        """The value or values of ``texts``; ``ValueError`` says what is wrong."""
        if not self.several:
            return self._read_one(only_one(texts))
        parts = [part for text in texts for part in text.split(",")]
        return tuple(self._read_one(part) for part in parts)

    def _read_one(self, text: str) -> Any:
        if self.nullable and text == "null":
            return None
        return self.kind.read(text)

    def parameter(self) -> dict[str, Any]:
        """Its OpenAPI parameter object."""
        schema = dict(self.kind.schema)
        if self.nullable:
            schema["type"] = [schema["type"], "null"]
        parameter = {"name": self.name, "in": "query", "description": self.description}
        if not self.several:
            return {**parameter, "schema": schema}
        schema = {"type": "array", "items": schema, "minItems": 1}
        return {**parameter, "schema": schema, "style": "form", "explode": not self.commas}


def read_filters(
    filters: Sequence[Filter], query: Mapping[str, Sequence[str]]
) -> tuple[list[Any], dict[str, list[str]]]:
    """The conditions that ``query`` asks for, and what is wrong with its values, by name."""
    values, errors = read_values(filters, query)
    return conditions_of(filters, values), errors


def conditions_of(filters: Sequence[Filter], values: Mapping[str, Any]) -> list[Any]:
    """The conditions that the values make, by name of their filter."""
    return [each.condition(values[each.name]) for each in filters if each.name in values]


def read_values(
    filters: Sequence[Filter], query: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The values that ``query`` asks for, and what is wrong with others, both by name."""
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for declared in filters:
        if declared.name in query:
            try:
                values[declared.name] = declared.read(query[declared.name])
            except ValueError as error:
                errors[declared.name] = [str(error)]
    return values, errors


def check_names(known: Sequence[str], query: Mapping[str, Sequence[str]]) -> None:
    """Refuse parameters that the operation does not have, rather than pass over them."""
    unknown = {name: ["There is no such parameter here."] for name in query if name not in known}
    if unknown:
        raise InvalidFields(unknown)


def field(lookup: str) -> Condition:
    """Rows whose field compares so to the value, such as ``client_id`` or ``name__icontains``."""
    return lambda value: Q(**{lookup: value})


def keep_all(_: Any) -> Q:
    """All rows: the parameter says how they are shown, or is read by its view itself."""
    return Q()


def any_of(column: str) -> Condition:
    """Rows whose field is one of the values; ``None`` among them is an empty field."""

    def condition(values: tuple[Any, ...]) -> Q:
        found = Q(**{f"{column}__in": [value for value in values if value is not None]})
        return found | Q(**{f"{column}__isnull": True}) if None in values else found

    return condition


def on_day(column: str) -> Condition:
    """Rows whose moment falls on the UTC day."""

    def condition(day: date) -> Q:
        start = datetime.combine(day, time.min, tzinfo=UTC)
        if day == date.max:
            return Q(**{f"{column}__gte": start})
        return Q(**{f"{column}__gte": start, f"{column}__lt": start + timedelta(days=1)})

    return condition
