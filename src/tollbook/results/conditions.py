"""What rows of a result are wanted and in what order, and the SQL that finds their numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from tollbook.results.columns import Column, Kind

Value = str | int | bool | date | datetime | Decimal

NUMBER: Final = "file_row_number"
"""The column of the rows' own numbers, from 0."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Operator(StrEnum):
    """How a column compares to a value; null compares to nothing."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    CONTAINS = "contains"
    IS_NULL = "is_null"


_COMPARED: Final = (
    Operator.EQ,
    Operator.NE,
    Operator.LT,
    Operator.LE,
    Operator.GT,
    Operator.GE,
    Operator.IN,
    Operator.IS_NULL,
)
OPERATORS: Final[Mapping[Kind, tuple[Operator, ...]]] = {
    Kind.TEXT: (*_COMPARED, Operator.CONTAINS),
    Kind.INTEGER: _COMPARED,
    Kind.BOOLEAN: (Operator.EQ, Operator.NE, Operator.IS_NULL),
    Kind.DATE: _COMPARED,
    Kind.TIMESTAMP: _COMPARED,
    Kind.DECIMAL: _COMPARED,
}
"""What the columns of each kind may be asked."""


@dataclass(frozen=True)
class Condition:
    """Rows whose ``column`` compares so; ``values`` are of the column's kind, one unless ``IN``.

    The value of ``IS_NULL`` is whether it is to be null.
    """

    column: Column
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Order:
    """Rows by a column; null comes after every value, so it is first where ``descending``."""

    column: Column
    descending: bool = False


def numbers_sql(
    conditions: Sequence[Condition], orders: Sequence[Order], *, limit: int | None = None
) -> str:
    """DuckDB's SQL for the numbers of those rows of ``result``, in a total order."""
    where = " AND ".join(_condition(each) for each in conditions)
    order = ", ".join([*(_order(each) for each in orders), NUMBER])
    clauses = [
        f"SELECT CAST({NUMBER} AS UINTEGER) AS number",
        "FROM result",
        f"WHERE {where}" if where else "",
        f"ORDER BY {order}",
        f"LIMIT {limit}" if limit is not None else "",
    ]
    return " ".join(clause for clause in clauses if clause)


def columns_of(conditions: Sequence[Condition], orders: Sequence[Order]) -> list[str]:
    """The keys of the columns that must be read, each once."""
    columns = [*(each.column for each in conditions), *(each.column for each in orders)]
    return list(dict.fromkeys(column.key for column in columns))


def _condition(condition: Condition) -> str:
    name = _name(condition.column)
    if condition.operator is Operator.IS_NULL:
        return f"{name} IS {'' if condition.values[0] else 'NOT '}NULL"
    literal = _LITERALS[condition.column.kind]
    values = [literal(value) for value in condition.values]
    if condition.operator is Operator.CONTAINS:
        return f"contains(lower({name}), lower({values[0]}))"
    compared = f"epoch_us({name})" if condition.column.kind is Kind.TIMESTAMP else name
    if condition.operator is Operator.IN:
        return f"{compared} IN ({', '.join(values)})"
    return f"{compared} {_SIGNS[condition.operator]} {values[0]}"


def _order(order: Order) -> str:
    return _name(order.column) + (" DESC NULLS FIRST" if order.descending else " ASC NULLS LAST")


def _name(column: Column) -> str:
    return '"' + column.key.replace('"', '""') + '"'


def _text(value: Value) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _microseconds(value: Value) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is no moment")
    return str((value - _EPOCH) // timedelta(microseconds=1))


_SIGNS: Final[Mapping[Operator, str]] = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.LT: "<",
    Operator.LE: "<=",
    Operator.GT: ">",
    Operator.GE: ">=",
}
_LITERALS: Final[Mapping[Kind, Callable[[Value], str]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: str,
    Kind.BOOLEAN: lambda value: "true" if value else "false",
    Kind.DATE: lambda value: f"CAST('{value}' AS DATE)",
    Kind.TIMESTAMP: _microseconds,
    Kind.DECIMAL: lambda value: f"CAST('{value:f}' AS DECIMAL(38, 12))",
}
