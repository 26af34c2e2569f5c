"""Prints of records: 128 bits for the id, 64 for all that a record says.

They are kept for years, so what makes them is fixed here: MD5 for texts, and a mixing of whole
numbers in which two records that differ in one column only never agree. Records are told apart by
them alone: that two different ids of a lake of ten thousand million records agree has a chance of
one in ten to the eighteenth.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tollbook.usage.records import USAGE_SCHEMA

PARTS: Final = 128
"""Prints are kept in so many parts, by the first bits of the id's print: a part fits in memory."""
PRINT_SCHEMA: Final = pa.schema(
    [("high", pa.uint64()), ("low", pa.uint64()), ("content", pa.uint64())]
)
_PART_BITS: Final = 57
_RUN: Final = 200_000
_PRIME: Final = pa.scalar(0x9E3779B97F4A7C15, pa.uint64())
_HALF: Final = pa.scalar(32, pa.uint64())
_NOTHING: Final = pa.scalar(0, pa.uint64())
_SEED: Final = 0x243F6A8885A308D3
_MD5: Final = """
SELECT (id >> 64)::UBIGINT AS high, (id & 18446744073709551615::UHUGEINT)::UBIGINT AS low,
  (resource & 18446744073709551615::UHUGEINT)::UBIGINT AS resource
FROM (
  SELECT md5_number(record_id) AS id, md5_number(resource_id) AS resource FROM texts
)
"""
_SAID: Final = pa.schema(
    [field for field in USAGE_SCHEMA if field.name not in ("record_id", "resource_id")]
)
_RUN_SCHEMA: Final = pa.schema(
    [*PRINT_SCHEMA, ("line", pa.int64()), ("file", pa.int32()), ("row", pa.int32())]
)


class Printer:
    """Makes prints, on any number of threads."""

    def __init__(self) -> None:
        self._duck = duckdb.connect(":memory:")
        self._duck.execute("SET threads = 1")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()

    def prints_of(self, good: pl.DataFrame) -> pl.DataFrame:
        """The prints of records with the columns of the lake: the columns of ``PRINT_SCHEMA``."""
        if good.is_empty():
            return frame_of(PRINT_SCHEMA.empty_table())
        columns = one_batch(good, _SAID)
        texts = self._md5(good)
        words = [
            *(columns[name].cast(pa.uint64()) for name in ("client_id", "feature_id", "region_id")),
            pc.add(columns["addendum_id"].cast(pa.uint64()), pa.scalar(1, pa.uint64())),
            *(columns[name].view(pa.uint64()) for name in ("period_start", "period_end")),
            *_halves(columns["amount"]),
            texts["resource"],
        ]
        mixed = pa.repeat(pa.scalar(_SEED, pa.uint64()), len(good))
        for word in words:
            mixed = _mixed(pc.bit_wise_xor(mixed, pc.fill_null(word, _NOTHING)))
        prints = [texts["high"], texts["low"], mixed]
        return frame_of(pa.Table.from_arrays(prints, schema=PRINT_SCHEMA))

    def _md5(self, good: pl.DataFrame) -> pa.RecordBatch:
        with self._duck.cursor() as duck:
            duck.register("texts", good.select("record_id", "resource_id").to_arrow())
            return duck.sql(_MD5).to_arrow_table().combine_chunks().to_batches()[0]


class PrintRuns:
    """Prints with the place of each record, on disk: in runs, each in ``PARTS`` parts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0
        self._runs: list[Path] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Take in prints with the ``line`` of each record, and its ``file`` and ``row`` there."""
        self._waiting.append(rows)
        self._rows += len(rows)
        if self._rows >= _RUN:
            self._write()

    def close(self) -> None:
        """Write what waits."""
        if self._rows:
            self._write()

    def parts(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """The prints, a part at a time, in the order of the lines."""
        files = [pa.OSFile(str(run)) for run in self._runs]
        try:
            readers = [pa.ipc.open_file(file) for file in files]
            for part in range(PARTS):
                found = pa.Table.from_batches(
                    [reader.get_batch(part) for reader in readers], _RUN_SCHEMA
                )
                yield part, frame_of(found).sort("line")
        finally:
            for file in files:
                file.close()

    def _write(self) -> None:
        path = self._folder / f"prints-{len(self._runs)}.arrow"
        rows = pl.concat(self._waiting)
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, _RUN_SCHEMA) as writer:
            for part in in_parts(rows, _RUN_SCHEMA):
                writer.write_batch(part)
        self._runs.append(path)
        self._waiting, self._rows = [], 0


def in_parts(rows: pl.DataFrame, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """``rows`` of prints in ``PARTS`` batches of ``schema``, by the first bits of the id's print.

    Within a part they keep their order.
    """
    whole = one_batch(rows, schema)
    part = pc.shift_right(whole["high"], pa.scalar(_PART_BITS, pa.uint64())).cast(pa.uint8())
    whole = whole.take(pc.array_sort_indices(part))
    counts = {one["values"]: one["counts"] for one in pc.value_counts(part).to_pylist()}
    first = 0
    for number in range(PARTS):
        count = counts.get(number, 0)
        yield whole.slice(first, count)
        first += count


def one_batch(rows: pl.DataFrame, schema: pa.Schema) -> pa.RecordBatch:
    """``rows`` as one batch of ``schema``."""
    table = rows.select(schema.names).to_arrow().cast(schema).combine_chunks()
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema)


def frame_of(table: pa.Table) -> pl.DataFrame:
    """The table as a frame."""
    found = pl.from_arrow(table)
    if not isinstance(found, pl.DataFrame):
        raise TypeError("a table makes a frame")
    return found


def _halves(amounts: pa.Array) -> Iterator[pa.Array]:
    """The two words of 64 bits that an exact amount is kept in."""
    words = pl.Series(
        pa.Array.from_buffers(
            pa.uint64(), 2 * len(amounts), [None, amounts.buffers()[1]], offset=2 * amounts.offset
        )
    )
    for offset in (0, 1):
        yield words.gather_every(2, offset=offset).to_arrow()


def _mixed(word: pa.Array) -> pa.Array:
    """A turn of the words' bits that no two words share: a product, and its upper half below."""
    multiplied = pc.multiply(word, _PRIME)
    return pc.bit_wise_xor(multiplied, pc.shift_right(multiplied, _HALF))
