"""What the lake knows: the prints of all its records, in a few files that an import merges.

A file of them is Arrow with ``PARTS`` batches. An import reads those of the parts that it has
records in, so the cost of an import is its own records, and 24 bytes for each that is known.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Self

import polars as pl
import pyarrow as pa

from tollbook.storage.files import FileStore
from tollbook.usage.models import KnownRecords
from tollbook.usage.prints import PARTS, PRINT_SCHEMA, frame_of, one_batch

FOLDER: Final = "lake/known"
_ID: Final = ("high", "low")
_SAID_BEFORE: Final = "was imported before, with other values"


@dataclass(frozen=True)
class Verdict:
    """What becomes of the records of one part.

    ``dropped`` (``file``, ``row``, ``line``, ``reason``) are those that do not go into the lake:
    the reason is null for the ``known`` ones, and told for the ``refused``, which say something
    else than the record under the same id.
    """

    dropped: pl.DataFrame
    known: int
    refused: int


class KnownFiles:
    """The files of prints as they are now, open for reading; to be used under the lake's lock."""

    def __init__(self, store: FileStore, rows: Iterable[KnownRecords]) -> None:
        self._held = ExitStack()
        self.rows = list(rows)
        self._readers = {
            row.pk: pa.ipc.open_file(self._held.enter_context(store.open(row.key)))
            for row in self.rows
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def part(self, number: int, rows: Iterable[KnownRecords]) -> pl.DataFrame:
        """The prints of part ``number`` that the files of ``rows`` hold."""
        batches = [self._readers[row.pk].get_batch(number) for row in rows]
        return frame_of(pa.Table.from_batches(batches, PRINT_SCHEMA))


def to_be_merged(rows: Iterable[KnownRecords], records: int) -> list[KnownRecords]:
    """The small files that are written anew with ``records`` new ones.

    A file goes in while it is not larger than all that is smaller: so every print is written again
    only when its file has doubled, and there are as many files as doublings.
    """
    merged, size = [], records
    for row in sorted(rows, key=lambda row: row.records):
        if row.records > size:
            break
        merged.append(row)
        size += row.records
    return merged


def judged(new: pl.DataFrame, known: pl.DataFrame) -> tuple[Verdict, pl.DataFrame]:
    """The verdict on ``new`` records of one part, by line, and the prints of those that go in.

    Of several records under one id the first one counts; ``known`` is what the lake has: mostly of
    others, which are left aside first, for a join holds both its sides once more.
    """
    found = new
    known = known.filter(pl.col("high").is_in(new["high"].implode()))
    if known.is_empty():
        found = found.with_columns(said=pl.lit(None, dtype=pl.UInt64))
    else:
        found = found.join(
            known.rename({"content": "said"}), on=_ID, how="left", maintain_order="left"
        )
    fresh = found.filter(pl.col("said").is_null())
    first = fresh.filter(pl.struct(_ID).is_first_distinct())
    if len(first) == len(new):
        return _NOTHING_DROPPED, first.select(PRINT_SCHEMA.names)
    repeated = fresh.join(
        first.select(*_ID, first_line="line", first_said="content"), on=_ID
    ).filter(pl.col("line") != pl.col("first_line"))
    in_lake = found.filter(pl.col("said").is_not_null())
    other = pl.col("content")
    dropped = pl.concat(
        [
            in_lake.select(
                "file",
                "row",
                "line",
                reason=pl.when(pl.col("said") != other).then(pl.lit(_SAID_BEFORE)),
            ),
            repeated.select(
                "file",
                "row",
                "line",
                reason=pl.when(pl.col("first_said") != other).then(
                    pl.format("is on line {} as well, with other values", "first_line")
                ),
            ),
        ]
    )
    known_ones = dropped["reason"].null_count()
    verdict = Verdict(dropped, known=known_ones, refused=len(dropped) - known_ones)
    return verdict, first.select(PRINT_SCHEMA.names)


def write_known(store: FileStore, name: str, parts: Iterable[pl.DataFrame]) -> str:
    """Write a file of prints, a part at a time; returns its key."""
    key = f"{FOLDER}/{name}.arrow"
    with store.writing(key) as sink, pa.ipc.new_file(sink, PRINT_SCHEMA) as writer:
        written = 0
        for part in parts:
            writer.write_batch(one_batch(part, PRINT_SCHEMA))
            written += 1
        if written != PARTS:
            raise ValueError(f"{written} parts instead of {PARTS}")
    return key


_NOTHING_DROPPED: Final = Verdict(
    pl.DataFrame(schema={"file": pl.Int32, "row": pl.Int32, "line": pl.Int64, "reason": pl.String}),
    known=0,
    refused=0,
)
