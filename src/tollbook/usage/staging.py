"""Good records on their way into the lake: files by day on this machine's disk, and their prints.

Memory stays flat: a few days are written while records come. Those of other days are spilled, and
written when all have come; so there is one file for a day, in whichever order its records stand.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from tollbook.results.parquet_batches import batches_of
from tollbook.usage.prints import PRINT_SCHEMA, PrintRuns, one_batch
from tollbook.usage.records import USAGE_SCHEMA
from tollbook.usage.spilled import Spilled
from tollbook.usage.staged_files import ROW_GROUP, OpenFiles, StagedFile
from tollbook.usage.streams import parts_by

_MOST_OPEN: Final = 32
_MOST_GROUPS: Final = 32
"""Row groups of one file: while it is open it keeps 26 kB for each, which its footer will say."""
_MOST_IDLE: Final = 64
"""So many pieces may come without a record of a day before its file is closed: each open one keeps
two megabytes to write with, and most files have one day after the other."""
_MOST_SPILLED: Final = 262_144
"""A file with so many rows is not written anew for those that are still to come; nor does it wait
for more of them than fit into ``_MOST_GROUPS`` row groups, however small these are."""


class Staging:
    """Takes good records in the order of the file; ``close`` makes everything whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._latest: dict[date, StagedFile] = {}
        self._open = OpenFiles()
        self._spilled = Spilled(folder)
        self._pieces = 0
        self.files: list[StagedFile] = []
        self.prints = PrintRuns(folder)

    def add(self, good: pl.DataFrame, prints: pl.DataFrame) -> None:
        """Take in records with the columns ``checks.GOOD``, and the print of each."""
        if good.is_empty():
            return
        self._pieces += 1
        dated = good.with_columns(*prints.iter_columns(), day=pl.col("period_start").dt.date())
        days = dated.group_by("day", maintain_order=True).len()
        files = self._files_of(days["day"].to_list())
        placed = _placed(dated, days, files)
        self.prints.add(placed.select(*PRINT_SCHEMA.names, "line", "file", "row"))
        records = placed.select("file", *USAGE_SCHEMA.names)
        if closed := [file.number for file in files if file not in self._open]:
            is_spilled = pl.col("file").is_in(closed)
            self._spilled.add(records.filter(is_spilled))
            records = records.filter(~is_spilled)
        self._give(records)
        for file in self._open:
            if file.groups >= _MOST_GROUPS:
                self._open.end(file)
                del self._latest[file.day]
            elif self._pieces - file.last_piece > _MOST_IDLE:
                self._open.end(file)

    def close(self, check: Callable[[], None] | None = None) -> None:
        """Write what waits and what was spilled; ``check`` is called on the way and may stop it."""
        for file in self._open:
            self._open.end(file)
        for group in self._spilled.groups():
            for records in group:
                if check is not None:
                    check()
                self._begin_again(records["file"].unique())
                self._give(records)
            for file in self._open:
                self._open.end(file)
        self.prints.close()

    def _files_of(self, days: Sequence[date]) -> list[StagedFile]:
        """The file of each day, open where there is room."""
        for day in days:
            if day in self._latest:
                self._latest[day].last_piece = self._pieces
        return [self._file_of(day) for day in days]

    def _file_of(self, day: date) -> StagedFile:
        file = self._latest.get(day)
        if file is not None and (file in self._open or file.rows < _MOST_SPILLED):
            return file
        number = len(self.files)
        file = StagedFile(number, day, self._folder / f"{number}.parquet")
        file.last_piece = self._pieces
        self.files.append(file)
        self._latest[day] = file
        if self._has_room():
            self._open.begin(file)
        return file

    def _has_room(self) -> bool:
        """Whether a file can be opened, once the one that had no record for longest is closed."""
        if len(self._open) < _MOST_OPEN:
            return True
        idle = min(self._open, key=lambda file: file.last_piece)
        if idle.last_piece == self._pieces:
            return False
        self._open.end(idle)
        return True

    def _give(self, records: pl.DataFrame) -> None:
        """Give each file its records, in memory of their own: some will wait for long."""
        if records.is_empty():
            return
        whole = one_batch(records, USAGE_SCHEMA)
        numbers = records["file"]
        if numbers.n_unique() == 1:
            self._open.give(self.files[numbers[0]], whole)
            return
        for number, rows in parts_by(numbers, whole):
            self._open.give(self.files[number], rows)

    def _begin_again(self, numbers: pl.Series) -> None:
        """Open the files of spilled records, with what each had before it was closed."""
        for number in numbers:
            file = self.files[number]
            if file in self._open:
                continue
            self._open.begin(file)
            if not file.path.exists():
                continue
            earlier = file.path.replace(file.path.with_suffix(".begun"))
            with pq.ParquetFile(earlier) as source:
                for batch in batches_of(source, ROW_GROUP):
                    self._open.give(file, batch)
            earlier.unlink()


def _placed(dated: pl.DataFrame, days: pl.DataFrame, files: Sequence[StagedFile]) -> pl.DataFrame:
    """With the ``file`` that each record is for, and its ``row`` there: after those it has."""
    row = pl.int_range(pl.len(), dtype=pl.Int32)
    first = [file.rows for file in files]
    for file, rows in zip(files, days["len"].to_list(), strict=True):
        file.rows += rows
    if len(files) == 1:
        return dated.with_columns(file=pl.lit(files[0].number, pl.Int32), row=row + first[0])
    places = days.select("day").with_columns(
        file=pl.Series([file.number for file in files], dtype=pl.Int32),
        first=pl.Series(first, dtype=pl.Int32),
    )
    joined = dated.join(places, on="day", how="left", maintain_order="left")
    return joined.with_columns(row=pl.col("first") + row.over("day"))
