"""Single rows come from their pages alone, and are the rows that the whole file has there."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.renderers.results import COLUMNS, ODD_TEXTS, batch_of
from tollbook.results import few_rows
from tollbook.results.columns import Column
from tollbook.results.result_file import ResultFile, ResultWriter
from tollbook.results.result_writer import ROW_GROUP, ROWS_PER_PAGE

KEYS = [column.key for column in COLUMNS]
ROWS = 2 * ROW_GROUP + 3_000
FAR = 2 * ROW_GROUP + 1_000


def row(number: int) -> tuple[Any, ...]:
    """A row that tells its number, with every odd text and null somewhere."""
    moment = datetime.fromtimestamp(number, UTC)
    known = (
        ODD_TEXTS[number % len(ODD_TEXTS)],
        f"note {number}",
        number,
        number % 3 == 0,
        moment.date(),
        moment,
        Decimal(number).scaleb(-12),
        Decimal(number % 1000).scaleb(-4),
    )
    return tuple(None if number % 7 == at else value for at, value in enumerate(known))


@pytest.fixture(scope="module")
def content() -> bytes:
    """A result of three row groups."""
    sink = io.BytesIO()
    with ResultWriter(sink, COLUMNS, {}) as writer:
        for start in range(0, ROWS, 50_000):
            rows = [row(number) for number in range(start, min(start + 50_000, ROWS))]
            writer.write(batch_of(rows))
    return sink.getvalue()


def picked(content: bytes, numbers: list[int], keys: list[str] = KEYS) -> list[tuple[Any, ...]]:
    picker = ResultFile(pa.BufferReader(content)).picker(is_near=len(numbers) % 2 == 0)
    table = picker.pick(numbers, keys)
    assert table.schema.names == keys
    return [tuple(each.values()) for each in table.to_pylist()]


@given(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=12))
def test_any_rows_in_any_order_are_those_of_the_file(content: bytes, numbers: list[int]) -> None:
    assert picked(content, numbers) == [row(number) for number in numbers]


def test_the_edges_of_pages_and_row_groups_are_no_edges() -> None:
    edges = [0, ROWS_PER_PAGE - 1, ROWS_PER_PAGE, ROW_GROUP - 1, ROW_GROUP, ROWS - 1]
    sink = io.BytesIO()
    with ResultWriter(sink, COLUMNS, {}) as writer:
        writer.write(batch_of([row(number) for number in range(ROWS)]))
    assert picked(sink.getvalue(), edges) == [row(number) for number in edges]


def test_some_columns_come_in_the_order_asked_for(content: bytes) -> None:
    assert picked(content, [9], ["cost", "client"]) == [(row(9)[6], row(9)[0])]


def test_only_the_pages_of_the_rows_are_read(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    pieces = few_rows._PageReader._pieces

    def counted(reader: Any, places: list[tuple[int, int]]) -> list[bytes]:
        read.append(sum(size for _, size in places))
        return pieces(reader, places)

    monkeypatch.setattr(few_rows._PageReader, "_pieces", counted)
    picked(content, [FAR])

    assert read
    assert sum(read) < len(content) / 20


def test_columns_whose_pages_are_cut_elsewhere_are_read_beside_the_others() -> None:
    columns = (Column("n", "N", pa.int64()), Column("long", "Long", pa.string()))
    rows = [(n, f"{n} " * 400) for n in range(3_000)]
    sink = io.BytesIO()
    with ResultWriter(sink, columns, {}) as writer:
        writer.write(batch_of(rows, columns))
    numbers = [2_999, 0, 1_500, 700]

    assert picked(sink.getvalue(), numbers, ["n", "long"]) == [rows[number] for number in numbers]


def test_a_file_without_a_page_index_is_read_as_well(content: bytes) -> None:
    sink = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(content)), sink, row_group_size=ROW_GROUP)
    old = pq.ParquetFile(pa.BufferReader(sink.getvalue()))
    picker = few_rows.RowPicker(pa.BufferReader(sink.getvalue()), old, is_near=True)

    assert picker._pages is None
    found = picker.pick([FAR, 5], ["expense_id", "client"]).to_pylist()
    assert [tuple(each.values()) for each in found] == [
        (row(number)[2], row(number)[0]) for number in (FAR, 5)
    ]
