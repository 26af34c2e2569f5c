"""What may be asked of the rows of a result: ``columns``, ``filter`` and ``ordering``."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tollbook.api import pagination
from tollbook.api.filters import check_names
from tollbook.api.kinds import (
    only_one,
    read_boolean,
    read_date,
    read_decimal,
    read_long,
    read_moment,
    read_text,
)
from tollbook.api.ordering import ORDER_BY, ORDERING, Ordering
from tollbook.kernel.errors import InvalidFields
from tollbook.results.columns import Column, Kind
from tollbook.results.conditions import OPERATORS, Condition, Operator, Order, Value

COLUMNS: Final = "columns"
FILTER: Final = "filter"
NAMES: Final = (COLUMNS, FILTER, ORDERING, ORDER_BY, pagination.LIMIT, pagination.OFFSET)
_MOST_FILTERS: Final = 20
_MOST_VALUES: Final = 1_000
_OWN_ORDER: Final = ""

_READERS: Final[Mapping[Kind, Callable[[str], Value]]] = {
    Kind.TEXT: read_text,
    Kind.INTEGER: read_long,
    Kind.BOOLEAN: read_boolean,
    Kind.DATE: read_date,
    Kind.TIMESTAMP: read_moment,
    Kind.DECIMAL: read_decimal,
}


@dataclass(frozen=True)
class RowsQuery:
    """Which columns of which rows, in what order, and which page of them."""

    columns: tuple[Column, ...]
    conditions: tuple[Condition, ...]
    orders: tuple[Order, ...]
    window: pagination.Window


def read_rows_query(query: Mapping[str, Sequence[str]], columns: Sequence[Column]) -> RowsQuery:
    """The question of a query string; ``InvalidFields`` names what cannot be taken."""
    check_names(NAMES, query)
    known = {column.key: column for column in columns}
    errors: dict[str, list[str]] = {}
    chosen = _read_columns(query, known, errors)
    conditions = _read_filters(query.get(FILTER, ()), known, errors)
    ordering = Ordering({key: key for key in known}, default=(), key=_OWN_ORDER)
    order, wrong_order = ordering.read(query)
    window, wrong_window = pagination.read_window(query)
    if errors := {**errors, **wrong_order, **wrong_window}:
        raise InvalidFields(errors)
    orders = tuple(
        Order(known[key.removeprefix("-")], descending=key.startswith("-"))
        for key in order
        if key != _OWN_ORDER
    )
    return RowsQuery(chosen, conditions, orders, window)


def _read_columns(
    query: Mapping[str, Sequence[str]], known: Mapping[str, Column], errors: dict[str, list[str]]
) -> tuple[Column, ...]:
    if COLUMNS not in query:
        return tuple(known.values())
    try:
        keys = list(dict.fromkeys(only_one(query[COLUMNS]).split(",")))
        return tuple(_column(key, known) for key in keys)
    except ValueError as error:
        errors[COLUMNS] = [str(error)]
        return ()


def _read_filters(
    texts: Sequence[str], known: Mapping[str, Column], errors: dict[str, list[str]]
) -> tuple[Condition, ...]:
    if len(texts) > _MOST_FILTERS:
        errors[FILTER] = [f"There are more than {_MOST_FILTERS} of these."]
        return ()
    conditions = []
    for text in texts:
        try:
            conditions.append(_read_condition(text, known))
        except ValueError as error:
            errors.setdefault(FILTER, []).append(f"{text[:80]}: {error}")
    return tuple(conditions)


def _read_condition(text: str, known: Mapping[str, Column]) -> Condition:
    key, colon, rest = text.partition(":")
    name, second, value = rest.partition(":")
    if not colon or not second:
        raise ValueError("Write column:operator:value, such as client_id:eq:1001.")
    column = _column(key, known)
    operators = OPERATORS[column.kind]
    if name not in operators:
        takes = ", ".join(operators)
        raise ValueError(f"{key} ({column.kind}) takes none but the operators {takes}.")
    operator = Operator(name)
    if operator is Operator.IS_NULL:
        return Condition(column, operator, (read_boolean(value),))
    texts = _listed(value) if operator is Operator.IN else [value]
    return Condition(column, operator, tuple(_value(column, each) for each in texts))


def _listed(text: str) -> list[str]:
    """Values parted by commas; one that holds a comma stands in double quotes, as in CSV."""
    try:
        found = next(csv.reader([text], strict=True), [""])
    except csv.Error:
        raise ValueError("A double quote is not closed, or stands inside of a value.") from None
    if len(found) > _MOST_VALUES:
        raise ValueError(f"There are more than {_MOST_VALUES} values.")
    return found


def _value(column: Column, text: str) -> Value:
    try:
        return _READERS[column.kind](text)
    except ValueError as error:
        raise ValueError(f"{column.key} ({column.kind}): {error}") from None


def _column(key: str, known: Mapping[str, Column]) -> Column:
    if key not in known:
        raise ValueError(f"There is no column {key[:50]!r}; there are {', '.join(known)}.")
    return known[key]


def parameters() -> list[dict[str, Any]]:
    """The OpenAPI parameter objects of all of these."""
    text = {"type": "string", "minLength": 1}
    listed = {"type": "array", "items": text, "minItems": 1}
    commas = {"in": "query", "schema": listed, "style": "form", "explode": False}
    return [
        {
            "name": COLUMNS,
            **commas,
            "description": "Only these columns, by their keys, in this order; all without it.",
        },
        {
            "name": FILTER,
            "in": "query",
            "schema": {**listed, "maxItems": _MOST_FILTERS},
            "style": "form",
            "explode": True,
            "description": (
                "Only rows of which this is true: `column:operator:value`, such as "
                "`client_id:eq:1001`. Repeated, all must be true. Operators are "
                f"{', '.join(f'`{each}`' for each in Operator)}; `in` takes values parted by "
                "commas (one with a comma in double quotes), `is_null` takes `true` or `false`, "
                "`contains` is for texts and passes over the case of letters. Null compares to "
                "nothing."
            ),
            "example": ["client_id:eq:1001"],
        },
        {
            "name": ORDER_BY,
            **commas,
            "description": "`key.asc` or `key.desc`, parted by commas; counts after `ordering`.",
        },
        {
            "name": ORDERING,
            **commas,
            "description": (
                "Keys of columns parted by commas, `-` before one for descending; ties, and all "
                "rows without it, are in the order of the result."
            ),
        },
        *pagination.parameters(),
    ]
