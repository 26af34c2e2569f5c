"""Pages of the rows of a result, with values of the kinds that its columns have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

RowValue = str | int | bool | Decimal | date | datetime | None

_READERS: Final[Mapping[str, Callable[[Any], RowValue]]] = {
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}
"""Of the kinds that come as text; the others come as they are."""


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result: ``key`` names it in a request, ``header`` for people."""

    key: str
    header: str
    kind: str
    description: str


@dataclass(frozen=True)
class RowsPage:
    """Some rows, by the keys of the columns; ``count`` is how many there are on all pages."""

    count: int
    columns: Sequence[ResultColumn]
    rows: Sequence[Mapping[str, RowValue]]


def read_rows_page(found: Mapping[str, Any]) -> RowsPage:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    columns = tuple(
        ResultColumn(each["key"], each["header"], each["kind"], str(each.get("description") or ""))
        for each in found["columns"]
    )
    kinds = {column.key: column.kind for column in columns}
    rows = tuple(
        {key: _value(kinds[key], value) for key, value in row.items()} for row in found["results"]
    )
    return RowsPage(int(found["count"]), columns, rows)


def _value(kind: str, value: Any) -> RowValue:
    read = _READERS.get(kind)
    return value if read is None or value is None else read(value)
