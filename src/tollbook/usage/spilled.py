"""Records of days that no open file is free for, on disk in the order of their arrival.

They lie in groups of a few days, so that each group can be written by as many files at once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from tollbook.usage.prints import frame_of, one_batch
from tollbook.usage.records import USAGE_SCHEMA
from tollbook.usage.streams import append_stream, parts_by, streams_of

_MOST_WAITING: Final = 65_536
_GROUP_FILES: Final = 16
_SCHEMA: Final = pa.schema([pa.field("file", pa.int32(), nullable=False), *USAGE_SCHEMA])
_PACKED: Final = pa.ipc.IpcWriteOptions(compression="lz4")


class Spilled:
    """Takes records with the number of the ``file`` that each is for, and gives them by group."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._groups: dict[int, int] = {}
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, records: pl.DataFrame) -> None:
        """Take in records of the lake, with ``file``."""
        for number in records["file"].unique():
            self._groups.setdefault(number, len(self._groups) // _GROUP_FILES)
        self._waiting.append(one_batch(records, _SCHEMA))
        self._rows += len(records)
        if self._rows >= _MOST_WAITING:
            self._write()

    def groups(self) -> Iterator[Iterator[pl.DataFrame]]:
        """For each group of files its records, in parts, in the order in which they were taken.

        What a group held is gone from the disk when the next one is asked for.
        """
        if self._rows:
            self._write()
        for group in range(max(self._groups.values(), default=-1) + 1):
            yield self._parts(group)
            self._path(group).unlink()

    def _parts(self, group: int) -> Iterator[pl.DataFrame]:
        yield from map(frame_of, streams_of(self._path(group)))

    def _write(self) -> None:
        [whole] = pa.Table.from_batches(self._waiting).combine_chunks().to_batches()
        self._waiting, self._rows = [], 0
        group = pl.Series("group", whole["file"]).replace_strict(self._groups)
        for number, rows in parts_by(group, whole):
            append_stream(self._path(number), rows, _PACKED)

    def _path(self, group: int) -> Path:
        return self._folder / f"spilled-{group}.arrow"
