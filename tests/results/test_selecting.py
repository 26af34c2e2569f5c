"""Conditions and orders find the rows that plain Python finds, in the same order."""

import io
import operator
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.renderers.results import COLUMNS, ROWS, batch_of
from tollbook.results.columns import MONEY, Column, Kind
from tollbook.results.conditions import OPERATORS, Condition, Operator, Order
from tollbook.results.result_file import ResultFile, ResultWriter
from tollbook.results.selecting import select_rows

KEYS = [column.key for column in COLUMNS]
COMPARED: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


def result(rows: list[tuple[Any, ...]], columns: tuple[Column, ...] = COLUMNS) -> bytes:
    sink = io.BytesIO()
    with ResultWriter(sink, columns, {}) as writer:
        writer.write(batch_of(rows, columns))
    return sink.getvalue()


def selected(content: bytes, *conditions: Condition, order: tuple[Order, ...] = ()) -> list[int]:
    file = ResultFile(pa.BufferReader(content))
    found = select_rows(file, conditions, order, path=None)
    return [number for batch in found for number in batch.to_pylist()]


def ordered(rows: list[tuple[Any, ...]], at: int, *, descending: bool) -> list[int]:
    """Null after every value; ties by number, whichever way."""
    present = [n for n, row in enumerate(rows) if row[at] is not None]
    absent = [n for n, row in enumerate(rows) if row[at] is None]

    def key(number: int) -> Any:
        value = rows[number][at]
        return value.encode() if isinstance(value, str) else value

    present.sort(key=key, reverse=descending)
    if not descending:
        return [*present, *absent]
    by_value: dict[Any, list[int]] = {}
    for number in present:
        by_value.setdefault(key(number), []).append(number)
    return [*absent, *(n for same in by_value.values() for n in sorted(same))]


def test_every_kind_says_what_it_may_be_asked() -> None:
    assert set(OPERATORS) == set(Kind)


@given(ROWS.filter(bool), st.data())
def test_a_comparison_finds_what_python_finds(rows: list[tuple[Any, ...]], data: Any) -> None:
    at = data.draw(st.integers(0, len(COLUMNS) - 1))
    values = [row[at] for row in rows if row[at] is not None]
    sign = data.draw(st.sampled_from([o for o in OPERATORS[COLUMNS[at].kind] if o in COMPARED]))
    if not values or "\0" in str(values):
        return
    value = data.draw(st.sampled_from(values))

    def holds(found: Any) -> bool:
        if isinstance(found, str):
            return COMPARED[sign](found.encode(), value.encode())
        return COMPARED[sign](found, value)

    expected = [n for n, row in enumerate(rows) if row[at] is not None and holds(row[at])]
    assert selected(result(rows), Condition(COLUMNS[at], sign, (value,))) == expected


@given(ROWS, st.integers(0, len(COLUMNS) - 1), st.booleans())
def test_an_order_is_total_and_null_comes_after_every_value(
    rows: list[tuple[Any, ...]], at: int, descending: bool
) -> None:
    found = selected(result(rows), order=(Order(COLUMNS[at], descending=descending),))
    assert found == ordered(rows, at, descending=descending)


TEXT = Column("text", "Text", pa.string())
AMOUNT = Column("amount", "Amount", MONEY)
DAY = Column("day", "Day", pa.date32())
PLAIN = (TEXT, AMOUNT, DAY)
TABLE = [
    ("Ångström, 'A' Ltd", Decimal("0.1"), date(2026, 10, 1)),
    ("100%_x", Decimal("0.100000000001"), date(2026, 10, 2)),
    (None, None, None),
    ("", Decimal("-99999999999999999999999999.999999999999"), date(9999, 12, 31)),
]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(TEXT, Operator.CONTAINS, ("ångström",)), [0]),
        (Condition(TEXT, Operator.CONTAINS, ("'a'",)), [0]),
        (Condition(TEXT, Operator.CONTAINS, ("%_",)), [1]),
        (Condition(TEXT, Operator.CONTAINS, ("",)), [0, 1, 3]),
        (Condition(TEXT, Operator.IN, ("", "100%_x")), [1, 3]),
        (Condition(TEXT, Operator.IS_NULL, (True,)), [2]),
        (Condition(TEXT, Operator.IS_NULL, (False,)), [0, 1, 3]),
        (Condition(TEXT, Operator.NE, ("",)), [0, 1]),
        (Condition(AMOUNT, Operator.GT, (Decimal("0.1"),)), [1]),
        (Condition(AMOUNT, Operator.EQ, (TABLE[3][1],)), [3]),  # type: ignore[arg-type]
        (Condition(DAY, Operator.IN, (date(2026, 10, 2), date(9999, 12, 31))), [1, 3]),
    ],
)
@pytest.mark.parametrize("by_path", [True, False])
def test_known_conditions(
    condition: Condition, expected: list[int], by_path: bool, tmp_path: Path
) -> None:
    path = tmp_path / "it's a result.parquet"
    path.write_bytes(result(TABLE, PLAIN))
    with ResultFile(path) as file:
        found = select_rows(file, [condition], [], path=str(path) if by_path else None)
        assert [number for batch in found for number in batch.to_pylist()] == expected


def test_moments_compare_to_the_microsecond() -> None:
    column = Column("at", "At", pa.timestamp("us", tz="UTC"))
    moments = [datetime(2026, 10, 1, 0, 0, 0, micros, tzinfo=UTC) for micros in (0, 1, 2)]
    content = result([(moment,) for moment in moments], (column,))
    assert selected(content, Condition(column, Operator.GE, (moments[1],))) == [1, 2]
