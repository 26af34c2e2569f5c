"""Staged rows that do not go into the lake, on disk by staged file, with the reason if refused."""

from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from tollbook.usage.prints import frame_of

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
        found = []
        with pa.OSFile(str(self._path(file))) as source:
            while source.tell() < source.size():
                found.append(pa.ipc.open_stream(source).read_all())
        return frame_of(pa.concat_tables(found)).sort("row")

    def _write(self) -> None:
        whole = pl.concat(self._waiting)
        self._waiting, self._rows = [], 0
        for (file,), part in whole.partition_by("file", as_dict=True).items():
            self._files.add(file)
            with (
                self._path(file).open("ab") as sink,
                pa.ipc.new_stream(sink, _SCHEMA) as writer,
            ):
                writer.write_table(part.select(_SCHEMA.names).to_arrow().cast(_SCHEMA))

    def _path(self, file: int) -> Path:
        return self._folder / f"{file}.dropped"
