"""Bytes of a file in blocks, and what gzip made of them undone in bounded memory."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from isal import isal_zlib

from tollbook.kernel.errors import InvalidInput

_BLOCK: Final = 3 << 20
_GZIP: Final = 31
_SLICE: Final = 16 << 10
"""So little at a time, for what follows the end of a member is copied, and members may be tiny."""


def blocks_of(file: Any) -> Iterator[bytes]:
    """The bytes of ``file`` in pieces of some megabytes."""
    while block := file.read(_BLOCK):
        yield block


def unpacked(blocks: Iterable[bytes], *, most: int) -> Iterator[bytes]:
    """What members of gzip hold: no more than ``most`` bytes, and never much at once."""
    left, ready = most, bytearray()
    for piece in _members(blocks):
        left -= len(piece)
        if left < 0:
            raise InvalidInput(f"unpacked, the file is longer than {most} bytes", field="file")
        ready += piece
        if len(ready) >= _BLOCK:
            yield bytes(ready)
            ready.clear()
    if ready:
        yield bytes(ready)


def _members(blocks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker, begun = isal_zlib.decompressobj(_GZIP), False
    for packed in _slices(blocks):
        rest = packed
        while rest:
            if unpacker.eof:
                unpacker = isal_zlib.decompressobj(_GZIP)
            try:
                piece = unpacker.decompress(rest, _BLOCK)
            except isal_zlib.error as error:  # type: ignore[misc]  # unknown to mypy
                raise InvalidInput("the file is no gzip, or it is damaged", field="file") from error
            begun = True
            yield piece
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if begun and not unpacker.eof:
        yield unpacker.flush()
    if not unpacker.eof:
        raise InvalidInput("the gzip file broke off: its end is missing", field="file")


def _slices(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for first in range(0, len(block), _SLICE):
            yield block[first : first + _SLICE]
