"""Staged rows that do not go into the lake, on disk by staged file, with the reason if refused."""

from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from tollbook.usage.prints import frame_of, one_batch
from tollbook.usage.streams import append_stream, parts_by, streams_of

_MOST_WAITING: Final = 262_144
_SCHEMA: Final = pa.schema([("row", pa.int32()), ("line", pa.int64()), ("reason", pa.string())])


class Dropped:
    """Takes rows in any order and gives those of one staged file back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: set[int] = set()
        self._waiting: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take ``file``, ``row``, ``line`` and ``reason``, which is null for what is known."""
        self._waiting.append(rows)
        self._rows += len(rows)
        if self._rows >= _MOST_WAITING:
            self._write()

    def of(self, file: int) -> pl.DataFrame | None:
        """The rows of staged file ``file``, in order; none where all of it goes in."""
        if self._waiting:
            self._write()
        if file not in self._files:
            return None
        return frame_of(pa.concat_tables(streams_of(self._path(file)))).sort("row")

    def _write(self) -> None:
        whole = pl.concat(self._waiting)
        self._waiting, self._rows = [], 0
        for file, rows in parts_by(whole["file"], one_batch(whole, _SCHEMA)):
            self._files.add(file)
            append_stream(self._path(file), rows)

    def _path(self, file: int) -> Path:
        return self._folder / f"{file}.dropped"
