"""Bytes on their way out: read in pieces, compressed if asked, everything let go at the end."""

import threading
from collections.abc import Callable, Iterator
from typing import Final, Protocol, runtime_checkable

from isal import isal_zlib
from pyarrow import NativeFile, default_memory_pool

_PIECE: Final = 1 << 18
_GZIP: Final = 31
_FAST: Final = 1
_making: Final = threading.Lock()


@runtime_checkable
class Closable(Protocol):
    """What can be told that nobody wants more of it."""

    def close(self) -> None:
        """Let everything go."""


class Download:
    """An iterator of pieces that calls ``release`` exactly once: at the end, or when it is closed.

    A server closes it also where no piece was asked for, which a bare generator would not notice.
    """

    def __init__(self, pieces: Iterator[bytes], release: Callable[[], None]) -> None:
        self._pieces = pieces
        self._release: Callable[[], None] | None = release

    def __iter__(self) -> "Download":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop whatever makes the pieces and let its files go."""
        release, self._release = self._release, None
        if release is None:
            return
        try:
            if isinstance(self._pieces, Closable):
                self._pieces.close()
        finally:
            release()


def gzip_pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """``pieces`` as one gzip stream; the first piece goes out at once."""
    packer = isal_zlib.compressobj(_FAST, isal_zlib.DEFLATED, _GZIP)
    try:
        first = next(pieces, b"")
        yield packer.compress(first) + packer.flush(isal_zlib.Z_SYNC_FLUSH)
        for piece in pieces:
            if packed := packer.compress(piece):
                yield packed
        yield packer.flush()
    finally:
        if isinstance(pieces, Closable):
            pieces.close()


def steadily(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """``pieces``, of which this process makes one at a time; it may take several threads."""
    try:
        while True:
            with _making:
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        if isinstance(pieces, Closable):
            pieces.close()
        default_memory_pool().release_unused()


def file_pieces(file: NativeFile, first: int, size: int) -> Iterator[bytes]:
    """``size`` bytes of ``file`` from ``first`` on."""
    file.seek(first)
    while size > 0 and (piece := file.read(min(size, _PIECE))):
        size -= len(piece)
        yield piece
