"""Good records on their way into the lake: files by day on this machine's disk, and their prints.

Memory stays flat: rows wait until a day has a row group of them, prints until there are a million.
"""

import math
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tollbook.usage.prints import PRINT_SCHEMA, PrintRuns
from tollbook.usage.records import USAGE_SCHEMA

ROW_GROUP: Final = 32_768
_MOST_WAITING: Final = 131_072
_MOST_OPEN: Final = 64
_MOST_GROUPS: Final = 32
"""Row groups of one file: while it is open it keeps 26 kB for each, which its footer will say."""
_MOST_IDLE: Final = 64
"""So many pieces may come without a record of a day before its file is closed: each open one keeps
two megabytes to write with, and most files have one day after the other."""
_TEXTS: Final = ["client_id", "feature_id", "region_id", "addendum_id", "resource_id"]
"""Columns whose values repeat enough for a dictionary."""


@dataclass
class StagedFile:
    """Records of one day in one file; ``rows`` are those given to it, written or still waiting."""

    number: int
    day: date
    path: Path
    rows: int = 0
    waiting: list[pa.Table] = field(default_factory=list)
    waiting_rows: int = 0
    groups: int = 0
    last_piece: int = 0
    writer: pq.ParquetWriter | None = None


class Staging:
    """Takes good records in the order of the file; ``close`` makes everything whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current: dict[date, StagedFile] = {}
        self._waiting_rows = 0
        self._pieces = 0
        self.files: list[StagedFile] = []
        self.prints = PrintRuns(folder)

    def add(self, good: pl.DataFrame, prints: pl.DataFrame) -> None:
        """Take in records with the columns ``checks.GOOD``, and the print of each."""
        if good.is_empty():
            return
        self._pieces += 1
        day = pl.col("period_start").dt.date()
        placed = good.with_columns(*prints.iter_columns(), day=day)
        for rows in placed.partition_by("day", maintain_order=True):
            file = self._current.get(rows["day"][0]) or self._begin(rows["day"][0])
            place = pl.int_range(file.rows, file.rows + len(rows), dtype=pl.Int32)
            number = pl.lit(file.number, dtype=pl.Int32)
            self.prints.add(rows.select(*PRINT_SCHEMA.names, "line", file=number, row=place))
            self._add(file, lake_table(rows))
        while self._waiting_rows >= _MOST_WAITING:
            self._flush(max(self._current.values(), key=lambda file: file.waiting_rows))
        for file in list(self._current.values()):
            if self._pieces - file.last_piece > _MOST_IDLE:
                self._end(file)
        while len(self._current) > _MOST_OPEN:
            self._end(next(iter(self._current.values())))

    def close(self) -> None:
        """Write what waits and close every file."""
        for file in list(self._current.values()):
            self._end(file)
        self.prints.close()

    def _add(self, file: StagedFile, rows: pa.Table) -> None:
        file.waiting.append(rows)
        file.waiting_rows += len(rows)
        file.last_piece = self._pieces
        file.rows += len(rows)
        self._waiting_rows += len(rows)
        if file.waiting_rows >= ROW_GROUP:
            self._flush(file)

    def _begin(self, day: date) -> StagedFile:
        number = len(self.files)
        file = StagedFile(number, day, self._folder / f"{number}.parquet")
        self.files.append(file)
        self._current[day] = file
        return file

    def _end(self, file: StagedFile) -> None:
        """Close the file, if it is not closed yet; the next record of the day begins another."""
        if self._current.get(file.day) is not file:
            return
        del self._current[file.day]
        self._flush(file)
        if file.writer is not None:
            file.writer.close()
            file.writer = None

    def _flush(self, file: StagedFile) -> None:
        if not file.waiting:
            return
        if file.writer is None:
            file.writer = open_lake_writer(file.path)
        file.writer.write_table(pa.concat_tables(file.waiting), row_group_size=ROW_GROUP)
        file.groups += math.ceil(file.waiting_rows / ROW_GROUP)
        self._waiting_rows -= file.waiting_rows
        file.waiting, file.waiting_rows = [], 0
        if file.groups >= _MOST_GROUPS:
            self._end(file)


def open_lake_writer(sink: object) -> pq.ParquetWriter:
    """A writer of a file of the lake."""
    return pq.ParquetWriter(
        sink,
        USAGE_SCHEMA,
        compression="zstd",
        compression_level=1,
        use_dictionary=[*_TEXTS, "period_start", "period_end"],
        write_statistics=["client_id", "feature_id", "period_start", "period_end"],
    )


def lake_table(rows: pl.DataFrame) -> pa.Table:
    """``rows`` with exactly the types of the lake, in memory of its own."""
    return rows.select(USAGE_SCHEMA.names).to_arrow().cast(USAGE_SCHEMA)
