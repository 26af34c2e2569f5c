"""Results to render: made of plain rows, and rows of any shape for the laws."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from tollbook.results.columns import MONEY, TIMESTAMP, Column, arrow_schema
from tollbook.results.result_file import ResultFile, ResultWriter

COLUMNS = (
    Column("client", "Client", pa.string()),
    Column("note", "=Note", pa.string()),
    Column("expense_id", "Expense", pa.int64()),
    Column("deleted", "Deleted", pa.bool_()),
    Column("for_date", "Day", pa.date32()),
    Column("created_at", "Created", TIMESTAMP),
    Column("cost", "Cost", MONEY, "What the client pays."),
    Column("tax_rate", "Tax, %", pa.decimal128(9, 4)),
)

ODD_TEXTS = (
    "",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'quoted'",
    'say "no", twice',
    "two\nlines",
    "two\r\nlines",
    " spaces around ",
    "Société <&> Søn",
    "naïve 😀 漢字 \u202egnirts",
    "\x00\x01\x1f\x7f\x85\u2028\u2029",
    "_x0001_ _x005F_",
    "_x0001_x0002_",
    "_x000\x01",
    "\\ \\n /",
    "NULL",
    "]]>",
    "a,b;c|d",
)

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(CHARACTERS, max_size=20)
AMOUNTS = st.integers(-(10**38) + 1, 10**38 - 1).map(lambda units: scaled(units, 12))
RATES = st.integers(-(10**9) + 1, 10**9 - 1).map(lambda units: scaled(units, 4))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.datetimes(timezones=st.just(UTC))

ROWS = st.lists(
    st.tuples(
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.none() | INTEGERS,
        st.none() | st.booleans(),
        st.none() | st.dates(),
        st.none() | MOMENTS,
        st.none() | AMOUNTS,
        st.none() | RATES,
    ),
    max_size=30,
)

SAMPLE = (
    ("Ünal, Ltd", "=1+1", 7, True, date(2026, 10, 1), datetime(2026, 10, 1, tzinfo=UTC),
     Decimal("1234.5"), Decimal(20)),
    ("Ünal, Ltd", None, -1, False, date(1899, 12, 31),
     datetime(2026, 10, 1, 23, 59, 59, 123456, tzinfo=UTC),
     Decimal("-0.000000000001"), Decimal("0.0001")),
    (None, "", None, None, None, None, None, None),
)  # fmt: skip


def scaled(units: int, places: int) -> Decimal:
    """``units`` of the last decimal place, exactly, however many digits."""
    sign, digits, _ = Decimal(units).as_tuple()
    return Decimal((sign, digits, -places))


def result_of(
    rows: Sequence[Sequence[Any]],
    columns: Sequence[Column] = COLUMNS,
    *,
    metadata: Mapping[str, Any] | None = None,
    **options: Any,
) -> ResultFile:
    """A finished result with ``rows``, in memory."""
    sink = io.BytesIO()
    with ResultWriter(sink, columns, metadata or {}, **options) as writer:
        writer.write(batch_of(rows, columns))
    return ResultFile(sink)


def batch_of(rows: Sequence[Sequence[Any]], columns: Sequence[Column] = COLUMNS) -> pa.RecordBatch:
    """The rows as one batch of the declared types."""
    arrays = [
        pa.array([row[position] for row in rows], type=column.type)
        for position, column in enumerate(columns)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns))


def repeated(rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """The rows several times over, so that their texts are kept as dictionaries."""
    return [row for row in rows for _ in range(8)]


def text_of(value: Any) -> str | None:
    """The reference that renderers are held to: one value as text, by Python's own types."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return (
        None if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
    )
