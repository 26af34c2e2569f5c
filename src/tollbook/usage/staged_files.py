"""Files of one day each on this machine's disk, several written at a time in flat memory."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tollbook.usage.records import USAGE_SCHEMA

ROW_GROUP: Final = 32_768
_MOST_WAITING: Final = 131_072
_TEXTS: Final = ["client_id", "feature_id", "region_id", "addendum_id", "resource_id"]
"""Columns whose values repeat enough for a dictionary."""


@dataclass
class StagedFile:
    """Records of one day in one file; ``rows`` are all that are meant for it, written or not."""

    number: int
    day: date
    path: Path
    rows: int = 0
    last_piece: int = 0
    groups: int = 0
    waiting: list[pa.RecordBatch] = field(default_factory=list)
    waiting_rows: int = 0
    writer: pq.ParquetWriter | None = None


class OpenFiles:
    """Files that are being written: rows wait until there is a row group of them."""

    def __init__(self) -> None:
        self._files: dict[int, StagedFile] = {}
        self._waiting_rows = 0

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[StagedFile]:
        return iter(list(self._files.values()))

    def __contains__(self, file: StagedFile) -> bool:
        return file.number in self._files

    def begin(self, file: StagedFile) -> None:
        """Be ready to take rows of it, from the first one on."""
        file.groups = 0
        self._files[file.number] = file

    def give(self, file: StagedFile, rows: pa.RecordBatch) -> None:
        """Write ``rows`` after those that the file was given before, now or later."""
        file.waiting.append(rows)
        file.waiting_rows += rows.num_rows
        self._waiting_rows += rows.num_rows
        if file.waiting_rows >= ROW_GROUP:
            self._flush(file)
        while self._waiting_rows >= _MOST_WAITING:
            self._flush(max(self._files.values(), key=lambda each: each.waiting_rows))

    def end(self, file: StagedFile) -> None:
        """Write what waits for it, and close it."""
        del self._files[file.number]
        self._flush(file)
        if file.writer is not None:
            file.writer.close()
            file.writer = None

    def _flush(self, file: StagedFile) -> None:
        if not file.waiting:
            return
        if file.writer is None:
            file.writer = open_lake_writer(file.path)
        rows = pa.Table.from_batches(file.waiting, USAGE_SCHEMA)
        file.writer.write_table(rows, row_group_size=ROW_GROUP)
        file.groups += math.ceil(file.waiting_rows / ROW_GROUP)
        self._waiting_rows -= file.waiting_rows
        file.waiting, file.waiting_rows = [], 0


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
