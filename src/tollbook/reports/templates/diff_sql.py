"""The SQL of ``ReportDiff``: two results beside each other, only what differs, in a total order.

It is DuckDB's: names of columns are quoted, as some are words of SQL. Rows that nothing tells apart
are numbered, in both results in the same way, so that none is compared twice.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

from tollbook.reports.comparison import REASON, Comparison
from tollbook.reports.templates.diff_columns import AFTER, BEFORE, DIFFERENCE, beside, told_columns
from tollbook.results.columns import Column, Kind

Edge = date | datetime | int | str | None
"""A value of the column that a result is ordered by first."""

SEEN: Final = "client_id IN (SELECT id FROM clients)"
"""The condition of the rows that the asker may see."""

_COUNTED: Final = """
SELECT edge, count(*) AS rows FROM (
    SELECT {edge} AS edge FROM before WHERE {condition}
    UNION ALL SELECT {edge} AS edge FROM after WHERE {condition}
) AS both_sides
GROUP BY edge ORDER BY edge NULLS FIRST
"""
_SIDE: Final = """
SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {rest}) AS copy
FROM (SELECT {columns} FROM {side} WHERE {condition}) AS rows_of_{side}
"""
_COMPARED: Final = """
WITH old AS ({old}), new AS ({new})
SELECT {shown} FROM old FULL JOIN new ON {same}
WHERE old.copy IS NULL OR new.copy IS NULL OR {differs}
ORDER BY {order}
"""
_CHANGE: Final = """
CASE WHEN old.copy IS NULL THEN 'added' WHEN new.copy IS NULL THEN 'removed' ELSE 'changed' END
"""
_CHANGED: Final = "CASE WHEN old.copy = new.copy THEN nullif(concat_ws('{mark}', {parts}), '') END"


def counting_sql(comparison: Comparison, condition: str) -> str:
    """How many rows both results have of each value of what they are ordered by."""
    return _COUNTED.format(edge=_quoted(comparison.identity[0]), condition=condition)


def part_condition(comparison: Comparison, first: Edge, last: Edge) -> str:
    """The condition of the rows from one value to another of what the results are ordered by."""
    edge = _quoted(comparison.identity[0])
    if first is None:
        return f"{edge} IS NULL"
    return f"{edge} BETWEEN {_literal(first)} AND {_literal(last)}"


def comparing_sql(comparison: Comparison, compared: Sequence[Column], condition: str) -> str:
    """What differs between the rows of both results that fulfil ``condition``."""
    columns = told_columns(comparison, compared)
    same = [f"old.{key} IS NOT DISTINCT FROM new.{key}" for key in _keys(comparison)]
    differs = [_differs(column.key) for column in columns]
    order = [f"coalesce(old.{key}, new.{key}) NULLS FIRST" for key in _keys(comparison)]
    return _COMPARED.format(
        old=_side(comparison, compared, BEFORE, condition),
        new=_side(comparison, compared, AFTER, condition),
        shown=", ".join(_shown(comparison, compared)),
        same=" AND ".join([*same, "old.copy = new.copy"]),
        differs=" OR ".join(differs),
        order=", ".join([*order, "coalesce(old.copy, new.copy)"]),
    )


def _keys(comparison: Comparison) -> list[str]:
    """The names that what tells rows apart has inside the SQL."""
    return [f"key_{number}" for number, _ in enumerate(comparison.identity)]


def _side(comparison: Comparison, compared: Sequence[Column], side: str, condition: str) -> str:
    keys = _keys(comparison)
    plain = [f"{_plain(column)} AS {_quoted(column.key)}" for column in compared]
    told_apart = [
        f"{_where(comparison, column)} AS {key}"
        for key, column in zip(keys, comparison.identity, strict=True)
    ]
    rest = [f"{_quoted(column.key)} NULLS FIRST" for column in compared]
    return _SIDE.format(
        keys=", ".join(keys),
        rest=", ".join(rest),
        columns=", ".join([*plain, *told_apart]),
        side=side,
        condition=condition,
    )


def _plain(column: Column) -> str:
    """Texts that repeat may come as numbers of a dictionary, each result with its own."""
    name = _quoted(column.key)
    return f"CAST({name} AS varchar)" if column.kind is Kind.TEXT else name


def _where(comparison: Comparison, key: str) -> str:
    condition = comparison.counts_where.get(key)
    name = _quoted(key)
    return name if condition is None else f"CASE WHEN {condition} THEN {name} END"


def _quoted(key: str) -> str:
    return f'"{key}"'


def _old(key: str) -> str:
    return f'old."{key}"'


def _new(key: str) -> str:
    return f'new."{key}"'


def _differs(key: str) -> str:
    return f"{_old(key)} IS DISTINCT FROM {_new(key)}"


def _shown(comparison: Comparison, compared: Sequence[Column]) -> list[str]:
    columns = told_columns(comparison, compared)
    sided = comparison.subtracted | set(comparison.numbers)
    plain = [column for column in columns if column.key not in sided]
    shown = [
        f"{_CHANGE} AS change",
        f"{_changed(columns, ', ', _key_of)} AS changed_columns",
        f"{_changed(plain, '; ', _value_of)} AS values_before",
    ]
    if comparison.find_reasons is not None:
        shown.append(f"CASE WHEN old.copy IS NULL THEN {_new(REASON)} END AS {REASON}")
    for column in columns:
        shown += _sides(comparison, column.key) if column.key in sided else [_one(column.key)]
    return shown


def _changed(columns: Sequence[Column], mark: str, text: Callable[[str], str]) -> str:
    parts = [f"CASE WHEN {_differs(each.key)} THEN {text(each.key)} END" for each in columns]
    return _CHANGED.format(mark=mark, parts=", ".join(parts)) if parts else "NULL"


def _key_of(key: str) -> str:
    return f"'{key}'"


def _value_of(key: str) -> str:
    return f"'{key}: ' || coalesce(CAST({_old(key)} AS varchar), '')"


def _one(key: str) -> str:
    return f"CASE WHEN new.copy IS NULL THEN {_old(key)} ELSE {_new(key)} END AS {_quoted(key)}"


def _sides(comparison: Comparison, key: str) -> list[str]:
    shown = [f"{_old(key)} AS {beside(key, BEFORE)}", f"{_new(key)} AS {beside(key, AFTER)}"]
    if key in comparison.subtracted:
        less = f"coalesce({_new(key)}, 0) - coalesce({_old(key)}, 0)"
        known = f"coalesce({_new(key)}, {_old(key)}) IS NOT NULL"
        shown.append(f"CASE WHEN {known} THEN {less} END AS {beside(key, DIFFERENCE)}")
    return shown


def _literal(edge: Edge) -> str:
    match edge:
        case datetime():
            return f"TIMESTAMPTZ '{edge.isoformat()}'"
        case date():
            return f"DATE '{edge.isoformat()}'"
        case int():
            return str(edge)
        case _:
            raise TypeError(f"results are not ordered by {type(edge).__name__}")
