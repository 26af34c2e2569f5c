"""One result file: the same rows give the same digest and bytes, and its totals are exact."""

import hashlib
import io
import os
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.renderers.results import (
    COLUMNS,
    ODD_TEXTS,
    ROWS,
    SAMPLE,
    batch_of,
    result_of,
    scaled,
)
from tollbook.reports.renderers import render_csv, render_parquet
from tollbook.results.columns import MONEY, Column
from tollbook.results.control_totals import ControlTotal
from tollbook.results.result_file import NotAResult, ResultFile, ResultWriter
from tollbook.results.result_writer import ROW_GROUP

AMOUNTS = (Column("currency", "Currency", pa.string()), Column("cost", "Cost", MONEY))
NUMBERS = (Column("number", "Number", pa.int64()), Column("name", "Name", pa.string()))


def numbers(first: int, last: int) -> pa.RecordBatch:
    series = pl.int_range(first, last, eager=True)
    names = ("name " + (series % 50).cast(pl.String)).alias("name")
    return pl.DataFrame([series.alias("number"), names]).to_arrow().to_batches()[0]


def written(batches: list[pa.RecordBatch], columns: tuple[Column, ...] = NUMBERS) -> bytes:
    sink = io.BytesIO()
    with ResultWriter(sink, columns, {"template": "Numbers"}) as writer:
        for batch in batches:
            writer.write(batch)
    return sink.getvalue()


def test_a_result_gives_back_its_columns_rows_and_information() -> None:
    told = {"template": "Sample", "information": [["Template", "Sample"], ["Period", "2026-10"]]}
    result = result_of(SAMPLE, metadata=told, totals=["cost"], currency="client")
    assert result.columns == COLUMNS
    assert result.rows == 3
    assert result.metadata["template"] == "Sample"
    assert [tuple(row.values()) for batch in result.batches() for row in batch.to_pylist()] == list(
        SAMPLE
    )
    assert result.information == [
        ("Template", "Sample"),
        ("Period", "2026-10"),
        ("Rows", "3"),
        ("Digest (SHA-256 of the CSV)", result.summary.digest),
        ("Total Cost", "0.000000000000"),
        ("Total Cost Ünal, Ltd", "1234.499999999999"),
    ]


def test_a_result_without_rows_is_a_result() -> None:
    result = result_of([], totals=["cost"], currency="client")
    assert result.rows == 0
    assert result.columns == COLUMNS
    assert list(result.frames()) == []
    assert result.summary.totals == ()


@given(ROWS)
def test_any_rows_come_back_unchanged(rows: list[tuple[object, ...]]) -> None:
    result = result_of(rows)
    found = [row for frame in result.frames() for row in frame.rows()]
    assert found == rows


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 100))
def test_bytes_and_digest_depend_on_the_rows_and_not_on_how_they_arrive(
    cuts: list[int], rows: int
) -> None:
    edges = [0, *sorted(min(cut, rows) for cut in cuts), rows]
    pieces = [numbers(0, rows).slice(a, b - a) for a, b in pairwise(edges)]
    assert written(pieces) == written([numbers(0, rows)])


def test_row_groups_are_cut_alike_however_the_batches_come() -> None:
    rows = 2 * ROW_GROUP + 10
    whole = written([numbers(0, rows)])
    thirds = written(
        [numbers(start, min(start + 50_000, rows)) for start in range(0, rows, 50_000)]
    )
    assert thirds == whole
    metadata = pq.read_metadata(io.BytesIO(whole))
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    assert sizes == [ROW_GROUP, ROW_GROUP, 10]
    batches = [batch.num_rows for batch in ResultFile(io.BytesIO(whole)).batches(40_000)]
    assert sum(batches) == rows
    assert max(batches) <= 40_000


def test_a_digest_is_that_of_the_csv_as_it_is_downloaded() -> None:
    result = result_of([(text, text, *[None] * 6) for text in ODD_TEXTS])
    lines = b"".join(render_csv(result))
    assert result.summary.digest == hashlib.sha256(lines).hexdigest()
    assert result.summary.csv_bytes == len(lines)


def test_a_digest_tells_rows_order_and_headers_apart() -> None:
    renamed = (Column("currency", "Money", pa.string()), AMOUNTS[1])
    rows = [("EUR", Decimal(1)), ("USD", Decimal(2))]
    digests = {
        result.summary.digest
        for result in (
            result_of(rows, AMOUNTS),
            result_of(rows[::-1], AMOUNTS),
            result_of(rows[:1], AMOUNTS),
            result_of(rows, renamed),
            result_of([("EUR", Decimal(1)), (None, Decimal(2))], AMOUNTS),
            result_of([("EUR", Decimal(1)), ("", Decimal(2))], AMOUNTS),
        )
    }
    assert len(digests) == 6


def test_totals_are_per_currency() -> None:
    rows = [("EUR", Decimal("1.1")), ("USD", Decimal(5)), ("EUR", Decimal("-0.1")), ("USD", None)]
    result = result_of(rows, AMOUNTS, totals=["cost"], currency="currency")
    assert result.summary.totals == (
        ControlTotal("EUR", "cost", "Cost", Decimal("1.000000000000")),
        ControlTotal("USD", "cost", "Cost", Decimal("5.000000000000")),
    )


@given(st.lists(st.tuples(st.sampled_from(["EUR", "USD"]), st.integers(-(10**38) + 1, 10**38 - 1))))
def test_totals_are_exact_beyond_what_128_bits_hold(rows: list[tuple[str, int]]) -> None:
    amounts = [(currency, scaled(units, 12)) for currency, units in rows]
    result = result_of(amounts, AMOUNTS, totals=["cost"], currency="currency")
    found = {total.currency: total.amount for total in result.summary.totals}
    for currency in {code for code, _ in rows}:
        assert found[currency] == scaled(sum(u for code, u in rows if code == currency), 12)


def test_totals_are_taken_of_amounts_and_by_texts_only() -> None:
    with pytest.raises(TypeError, match="no amounts"):
        ResultWriter(io.BytesIO(), COLUMNS, {}, totals=["expense_id"])
    with pytest.raises(TypeError, match="no text"):
        ResultWriter(io.BytesIO(), COLUMNS, {}, totals=["cost"], currency="expense_id")


def test_texts_that_repeat_are_kept_as_dictionaries_and_others_are_not() -> None:
    columns = (*NUMBERS, Column("unique", "Unique", pa.string()))
    batch = numbers(0, 5_000)
    unique = batch["number"].cast(pa.string())
    batch = batch.append_column("unique", unique)
    schema = pq.read_schema(io.BytesIO(written([batch], columns)))
    assert pa.types.is_dictionary(schema.field("name").type)
    assert schema.field("unique").type == pa.string()


def test_a_result_that_broke_off_is_none() -> None:
    sink = io.BytesIO()
    writer = ResultWriter(sink, NUMBERS, {})

    def write() -> None:
        with writer:
            writer.write(numbers(0, ROW_GROUP + 1))
            raise RuntimeError("the engine went away")

    with pytest.raises(RuntimeError, match="engine"):
        write()
    with pytest.raises(NotAResult):
        ResultFile(io.BytesIO(sink.getvalue()))
    with pytest.raises(RuntimeError, match="not finished"):
        _ = writer.summary


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all"])
def test_a_file_that_is_no_result_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "result.parquet"
    path.write_bytes(content)
    with pytest.raises(NotAResult):
        ResultFile(path)
    with pytest.raises(NotAResult):
        ResultFile(io.BytesIO(content))


def test_a_parquet_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(NotAResult, match="metadata"):
        ResultFile(path)


def test_a_full_disk_is_the_error_that_is_raised(tmp_path: Path) -> None:
    def write() -> None:
        with Path("/dev/full").open("wb") as sink, ResultWriter(sink, NUMBERS, {}) as writer:
            writer.write(numbers(0, 10))

    with pytest.raises(OSError, match="No space left"):
        write()


def test_results_are_read_from_paths_files_and_arrow_file_systems(tmp_path: Path) -> None:
    path = tmp_path / "result.parquet"
    with (
        pafs.LocalFileSystem().open_output_stream(str(path)) as sink,
        ResultWriter(sink, COLUMNS, {}) as writer,
    ):
        writer.write(batch_of(SAMPLE))
    content = path.read_bytes()
    with ResultFile(path) as by_path, path.open("rb") as file, ResultFile(file) as by_file:
        assert by_path.rows == by_file.rows == 3
        assert b"".join(render_parquet(by_file)) == content
        assert b"".join(render_csv(by_path)) == b"".join(render_csv(by_file))
    with pafs.LocalFileSystem().open_input_file(str(path)) as native:
        result = ResultFile(native)
        assert b"".join(render_parquet(result)) == content
        result.close()
        assert not native.closed


def test_a_result_is_plain_parquet_to_other_readers(tmp_path: Path) -> None:
    path = tmp_path / "result.parquet"
    path.write_bytes(written([numbers(0, 1_000)]))
    frame = pl.read_parquet(path)
    assert frame.height == 1_000
    assert frame["name"].cast(pl.String)[51] == "name 1"


_WRITE_MANY = """
import resource, sys
sys.path[:0] = sys.argv[2:]
from tests.results.test_result_file import NUMBERS, numbers, ResultWriter
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def write(rows):
    with ResultWriter(sys.argv[1], NUMBERS, {}) as writer:
        for start in range(0, rows, 50_000):
            writer.write(numbers(start, start + 50_000))
write(500_000)
before = peak()
write(4_000_000)
print(peak() - before)
"""


def test_writing_takes_no_more_memory_for_more_rows(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    grown = subprocess.run(
        [sys.executable, "-c", _WRITE_MANY, tmp_path / "result", root, root / "src"],
        check=True,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert int(grown.stdout) < 60
