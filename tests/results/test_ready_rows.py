"""Months that were written before give, row group by row group, what writing them again would."""

import hashlib
import io
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbook.results.columns import MONEY, TIMESTAMP, Column, arrow_schema
from tollbook.results.parquet_pieces import Piece
from tollbook.results.ready_rows import LinesPacker, ReadyFile, ReadyRows, UnusableRows
from tollbook.results.result_file import NotAResult, ResultFile
from tollbook.results.result_writer import ROW_GROUP, ResultWriter

COLUMNS = (
    Column("id", "ID", pa.int64()),
    Column("day", "Day", pa.date32()),
    Column("used", "Used", TIMESTAMP),
    Column("name", "Name", pa.string(), repeats=True),
    Column("comment", "Comment", pa.string(), repeats=False),
    Column("currency", "Currency", pa.string(), repeats=True),
    Column("cost", "Cost", MONEY),
    Column("late", "Late", pa.bool_()),
)
SCHEMA = arrow_schema(COLUMNS)
MONTHS = (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))


def rows_of(month: date, count: int, seed: int = 0) -> pa.RecordBatch:
    chance = random.Random(f"{month} {seed}")
    days = sorted(month + timedelta(days=chance.randrange(28)) for _ in range(count))
    texts = ["", None, '=1+"1"', "Çelik, Ltd", "x" * chance.randrange(1, 400), "plain\r\nlines"]
    return pa.RecordBatch.from_pydict(
        {
            "id": [chance.randrange(10**12) for _ in days],
            "day": days,
            "used": [
                chance.choice([None, datetime(day.year, day.month, 1, 5, 6, 7, number % 3, UTC)])
                for number, day in enumerate(days)
            ],
            "name": [f"{chance.choice(texts)}{chance.randrange(40)}" for _ in days],
            "comment": [chance.choice([*texts, str(chance.random())]) for _ in days],
            "currency": [chance.choice(["EUR", "USD"]) for _ in days],
            "cost": [Decimal(chance.randrange(-(10**20), 10**20)).scaleb(-12) for _ in days],
            "late": [chance.choice([True, False, None]) for _ in days],
        },
        schema=SCHEMA,
    )


class Kept:
    """A result written once, with its CSV."""

    def __init__(self, parts: Sequence[pa.RecordBatch | ReadyRows]) -> None:
        self.sink, self.csv = io.BytesIO(), io.BytesIO()
        with ResultWriter(
            self.sink,
            COLUMNS,
            {"template": "Months"},
            totals=["cost"],
            currency="currency",
            months="day",
            on_lines=lambda lines: self.csv.write(lines) and None,
        ) as writer:
            for part in parts:
                if isinstance(part, ReadyRows):
                    writer.append(part)
                else:
                    writer.write(part)
        self.summary = writer.summary


def ready(batch: pa.RecordBatch, columns: Sequence[Column] = COLUMNS) -> ReadyRows:
    sink, packed = io.BytesIO(), io.BytesIO()
    lines = LinesPacker(packed)
    with ResultWriter(
        sink, columns, {}, totals=["cost"], currency="currency", months="day", on_lines=lines.write
    ) as writer:
        writer.write(batch)
    content = sink.getvalue()
    return ReadyRows(
        name="a month",
        num_rows=batch.num_rows,
        result=ReadyFile(lambda: pa.BufferReader(content), hashlib.sha256(content).hexdigest()),
        end=Piece.of_tail(content, 0).end,
        lines=ReadyFile(lambda: pa.BufferReader(packed.getvalue()), lines.digest),
        frames=lines.frames,
    )


def digest_of(file: io.BytesIO) -> str:
    return hashlib.sha256(file.getvalue()).hexdigest()


COUNTS = (1, 900, ROW_GROUP, ROW_GROUP + 5)


@pytest.fixture(scope="module")
def months() -> list[pa.RecordBatch]:
    return [rows_of(month, count) for month, count in zip(MONTHS, COUNTS, strict=True)]


@pytest.fixture(scope="module")
def whole(months: list[pa.RecordBatch]) -> Kept:
    return Kept(months)


@pytest.fixture(scope="module")
def made(months: list[pa.RecordBatch]) -> list[ReadyRows]:
    return [ready(month) for month in months]


@pytest.mark.parametrize("which", range(1, 16))
def test_what_is_appended_is_byte_for_byte_what_would_be_written(
    months: list[pa.RecordBatch], made: list[ReadyRows], whole: Kept, which: int
) -> None:
    composed = Kept([made[at] if which >> at & 1 else months[at] for at in range(4)])
    assert digest_of(composed.sink) == digest_of(whole.sink)
    assert digest_of(composed.csv) == digest_of(whole.csv) == whole.summary.digest
    assert composed.summary == whole.summary


def test_others_read_the_composed_file(months: list[pa.RecordBatch], made: list[ReadyRows]) -> None:
    composed = Kept([made[0], months[1], made[2], made[3]])
    content = composed.sink.getvalue()
    expected = pa.Table.from_batches(months)
    assert pq.read_table(io.BytesIO(content)).cast(SCHEMA).equals(expected)
    picked = ResultFile(io.BytesIO(content)).picker(is_near=True)
    numbers = [0, 1, 900, 901, 33_668, 33_669, len(expected) - 1]
    assert picked.pick(numbers, SCHEMA.names).cast(SCHEMA).equals(expected.take(numbers))


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_any_months_in_any_parts(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 99))
    months = [rows_of(month, data.draw(st.integers(1, 40)), seed) for month in MONTHS]
    batches = (
        pa.Table.from_batches(months).combine_chunks().to_batches(data.draw(st.integers(1, 50)))
    )
    parts = [ready(month) if data.draw(st.booleans()) else month for month in months]
    whole, composed = Kept(batches), Kept(parts)
    assert digest_of(composed.sink) == digest_of(whole.sink)
    assert composed.summary == whole.summary


def test_no_row_group_has_rows_of_two_months(whole: Kept) -> None:
    footer = pq.read_metadata(io.BytesIO(whole.sink.getvalue()))
    sizes = [footer.row_group(at).num_rows for at in range(footer.num_row_groups)]
    assert sizes == [1, 900, ROW_GROUP, ROW_GROUP, 5]


def changed(file: ReadyFile, at: int) -> ReadyFile:
    content = bytearray(file.open().read())
    content[at % len(content)] ^= 4
    return replace(file, open=lambda: pa.BufferReader(bytes(content)))


@pytest.mark.parametrize("part", ["result", "lines"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 0.93, 0.97, 0.99, 1.0])
def test_one_changed_bit_is_told(made: list[ReadyRows], part: str, share: float) -> None:
    file: ReadyFile = getattr(made[1], part)
    at = int(share * (len(file.open().read()) - 1))
    damaged = replace(made[1], **{part: changed(file, at)})
    with pytest.raises(UnusableRows, match="a month"):
        Kept([damaged])


def gone() -> pa.NativeFile:
    raise FileNotFoundError("gone")


@pytest.mark.parametrize("part", ["result", "lines"])
def test_a_file_that_is_gone_cut_or_longer_is_told(made: list[ReadyRows], part: str) -> None:
    file: ReadyFile = getattr(made[1], part)
    content = file.open().read()
    for opened in (gone, *(lambda c=c: pa.BufferReader(c) for c in (content[:-1], content + b"0"))):
        with pytest.raises(UnusableRows, match="a month"):
            Kept([replace(made[1], **{part: replace(file, open=opened)})])


def test_frames_in_another_order_are_told(made: list[ReadyRows]) -> None:
    frames = list(made[3].frames)
    with pytest.raises(UnusableRows):
        Kept([replace(made[3], frames=[frames[1], frames[0], *frames[2:]])])
    with pytest.raises(UnusableRows):
        Kept([replace(made[3], frames=frames[:-1])])


def test_rows_of_other_columns_are_told(months: list[pa.RecordBatch]) -> None:
    others = [replace(column, repeats=False) for column in COLUMNS]
    with pytest.raises(UnusableRows, match="another schema"):
        Kept([months[0], ready(months[1], others)])


def test_what_was_spoiled_is_no_result(made: list[ReadyRows]) -> None:
    sink = io.BytesIO()
    damaged = replace(made[1], result=changed(made[1].result, 2000))
    with (
        pytest.raises(UnusableRows),
        ResultWriter(
            sink, COLUMNS, {}, totals=["cost"], currency="currency", months="day"
        ) as writer,
    ):
        writer.append(damaged)
    with pytest.raises(NotAResult):
        ResultFile(io.BytesIO(sink.getvalue()))


def test_rows_of_other_columns_are_told_where_they_come_after(
    months: list[pa.RecordBatch],
) -> None:
    others = [replace(column, repeats=False) for column in COLUMNS]
    with pytest.raises(UnusableRows, match="another schema"):
        Kept([ready(months[0], others), months[1], ready(months[2])])


@pytest.mark.parametrize(
    "wrong", [{"num_rows": 899}, {"num_rows": -1}, {"end": 4}, {"end": -9}, {"end": 2**40}], ids=str
)
def test_another_number_of_rows_or_another_end_is_told(
    made: list[ReadyRows], wrong: dict[str, int]
) -> None:
    with pytest.raises(UnusableRows):
        Kept([replace(made[1], **wrong)])  # type: ignore[arg-type]
