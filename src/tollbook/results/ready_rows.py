"""Rows that were written before: a result of its own, and the lines of its CSV, packed.

Both are checked while they are copied: whoever copied what was not written hears of it at the end.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa

_CODEC: Final = "zstd"
_LEVEL: Final = 1
_PIECE: Final = 1 << 20

_NOT_AS_WRITTEN: Final = (
    OSError,
    pa.ArrowException,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    SystemError,
)
"""What reading of something else than was written may come to."""
Open = Callable[[], pa.NativeFile]
Frame = tuple[int, int]
"""The size of some packed lines, and that of the lines."""


class UnusableRows(Exception):
    """What was written before is gone, or is not what was written; ``name`` says which."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


@dataclass(frozen=True)
class ReadyFile:
    """A file of the store, and the SHA-256 of its bytes."""

    open: Open
    digest: str


@dataclass(frozen=True)
class ReadyRows:
    """So many rows as a batch says it: the ``result`` that has them, and ``lines`` in ``frames``.

    The row groups of the result end at its byte ``end``.
    """

    name: str
    num_rows: int
    result: ReadyFile
    end: int
    lines: ReadyFile
    frames: Sequence[Frame]

    def jobs(self) -> Iterator[Callable[[], pa.Buffer]]:
        """Jobs that unpack the lines, in order; ``UnusableRows`` when they were not the right ones.

        Jobs may run in any thread and order.
        """
        with self.reading(self.lines) as file:
            with self.usable():
                frames = [(int(packed), int(size)) for packed, size in self.frames]
            for packed, size in frames:
                yield partial(self._unpacked, file.read(packed), size)

    @contextmanager
    def reading(self, ready: ReadyFile) -> Iterator["CheckedFile"]:
        """Open one of the files; at the end of the block it must have been read as it was made."""
        with self.usable():
            file = ready.open()
        try:
            checked = CheckedFile(file, self)
            yield checked
            with self.usable():
                checked.check(ready.digest)
        finally:
            file.close()

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Tell what goes wrong in the block as ``UnusableRows``."""
        try:
            yield
        except _NOT_AS_WRITTEN as error:
            raise UnusableRows(self.name, str(error)) from error

    def _unpacked(self, packed: bytes, size: int) -> pa.Buffer:
        with self.usable():
            return pa.Codec(_CODEC).decompress(packed, decompressed_size=size)


class CheckedFile:
    """Reads a file from its start to its end, and takes its digest."""

    def __init__(self, file: pa.NativeFile, ready: ReadyRows) -> None:
        self._file = file
        self._ready = ready
        self._found = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """So many bytes that come next."""
        with self._ready.usable():
            content: bytes = self._file.read(size)
        self._found.update(content)
        return content

    def pieces(self) -> Iterator[bytes]:
        """All bytes that come."""
        while content := self.read(_PIECE):
            yield content

    def check(self, digest: str) -> None:
        """``ValueError`` where the bytes were others, or there are more."""
        if self._file.read(1) or self._found.hexdigest() != digest:
            raise ValueError("it is not what was written")


class LinesPacker:
    """Packs lines of CSV, without the first of them, the header; remembers where they lie."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._codec = pa.Codec(_CODEC, compression_level=_LEVEL)
        self._digest = hashlib.sha256()
        self._has_header = False
        self.frames: list[Frame] = []

    def write(self, lines: bytes | pa.Buffer) -> None:
        """Take the lines that come next."""
        if not self._has_header:
            self._has_header = True
            return
        packed = self._codec.compress(lines, asbytes=True)
        self._digest.update(packed)
        self._sink.write(packed)
        self.frames.append((len(packed), memoryview(lines).nbytes))

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written so far."""
        return self._digest.hexdigest()
