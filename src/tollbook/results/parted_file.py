"""A result's Parquet file as it is written: tables, and row groups that other files have ready."""

import io
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from os import PathLike, fspath
from typing import Any, BinaryIO, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from tollbook.results.parquet_pieces import MAGIC, Piece, PiecesOfParquet
from tollbook.results.ready_rows import ReadyRows

Sink: TypeAlias = str | PathLike[str] | BinaryIO | pa.NativeFile
_PIECE: Final = 1 << 20


class PartedFile:
    """Writes one Parquet file; what is copied into it stands as if it had been written.

    Nothing but :meth:`finish` makes it a Parquet file; a path that was given is opened here.
    """

    def __init__(self, sink: Sink) -> None:
        self._owned = isinstance(sink, str | PathLike)
        self._sink: Any = (
            pa.OSFile(fspath(sink), "wb") if isinstance(sink, str | PathLike) else sink
        )
        self._through = _Through(self._sink)
        self._pieces: PiecesOfParquet | None = None
        self._writer: pq.ParquetWriter | None = None
        self._copied: ReadyRows | None = None
        self._began = 0

    def write(self, table: pa.Table, **options: Any) -> None:
        """Write the table as one row group; all have one schema and the same ``options``.

        Those are of ``ParquetWriter``.
        """
        if self._writer is None:
            self._began = self._through.at
            self._through.skipped = len(MAGIC) if self._began else 0
            self._writer = pq.ParquetWriter(self._through, table.schema, **options)
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def copy(self, ready: ReadyRows) -> Mapping[bytes, bytes]:
        """Take over all row groups of a result, and return the notes in its footer.

        ``UnusableRows`` where it is not what it should be; what was copied by then spoils the file.
        """
        self._end_stretch()
        pieces = self._pieces = self._pieces or PiecesOfParquet()
        if not self._through.at:
            self._through.write(MAGIC)
        began = self._through.at
        with ready.reading(ready.result) as result:
            result.read(len(MAGIC))
            left = ready.end - len(MAGIC)
            while left > 0 and (content := result.read(min(left, _PIECE))):
                self._through.write(content)
                left -= len(content)
            tail = b"".join(result.pieces())
        with ready.usable():
            piece = Piece.of_tail(tail, ready.end)
            if (piece.end, piece.rows) != (ready.end, ready.num_rows):
                raise ValueError("its row groups end elsewhere, or have another number of rows")
            pieces.add(piece, began)
        self._copied = ready
        return piece.notes()

    def finish(self, notes: Mapping[bytes, bytes]) -> None:
        """Write the footer, with ``notes`` in it."""
        if self._pieces is None:
            if self._writer is None:
                raise ValueError("no table was written")
            self._writer.add_key_value_metadata(notes)
            self._writer.close()
        else:
            self._end_stretch()
            for part in self._pieces.tail(self._through.at, notes):
                self._through.write(part)
        self._writer = None

    def close(self) -> None:
        """Let the file go; one that is not finished is none."""
        with suppress(OSError):  # what made it fail, say a full disk, may go on
            if self._writer is not None:
                self._through.kept(self._writer.close)
        if self._owned:
            self._sink.close()

    def _end_stretch(self) -> None:
        """Keep what the tables since the last copy have behind their row groups."""
        if self._writer is None:
            return
        tail_at = self._through.at - self._began + len(MAGIC) if self._began else self._through.at
        tail = self._through.kept(self._writer.close)
        self._writer = None
        piece = Piece.of_tail(tail, tail_at)
        self._through.write(tail[: piece.end - tail_at])
        self._pieces = self._pieces or PiecesOfParquet()
        with self._copied.usable() if self._copied else nullcontext():
            self._pieces.add(piece, self._began or len(MAGIC))


class _Through(io.RawIOBase):
    """What a Parquet writer writes to: the sink, where it stands, or what is kept of it."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._kept: bytearray | None = None
        self.at = 0
        self.skipped = 0
        """So many bytes that come next are left out."""

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        """Pass the content on."""
        size = memoryview(content).nbytes
        if self._kept is not None:
            self._kept += content
            return size
        passed = content[self.skipped :] if self.skipped else content
        self.skipped = max(0, self.skipped - size)
        if passed:
            self._sink.write(passed)
            self.at += memoryview(passed).nbytes
        return size

    def kept(self, work: Callable[[], None]) -> bytes:
        """What ``work`` writes; the sink does not get it."""
        self._kept = bytearray()
        try:
            work()
            return bytes(self._kept)
        finally:
            self._kept = None
