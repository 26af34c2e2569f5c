"""A ZIP archive written front to back, deflated in pieces that may be made side by side.

After PKWARE's APPNOTE: sizes follow each entry in a data descriptor; dates are fixed, so that the
same content gives the same bytes.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from isal import isal_zlib

ZIP64_FROM: Final = 0xFFFFFFFF
"""Sizes and offsets from here on need eight bytes."""
_LEVEL: Final = 1
_RAW_DEFLATE: Final = -15
_LAST_BLOCK: Final = b"\x03\x00"
_FLAGS: Final = 0x0808  # a data descriptor follows; names are UTF-8
_DEFLATED: Final = 8
_MIDNIGHT: Final = 0
_1980_01_01: Final = 0x21
_UNIX: Final = 3 << 8
_REGULAR_FILE: Final = 0o100644 << 16


@dataclass(frozen=True)
class Piece:
    """Deflated bytes that end on a byte boundary, with the size and CRC of what they hold."""

    data: bytes
    size: int
    crc: int


@dataclass(frozen=True)
class _Entry:
    name: bytes
    offset: int
    packed: int
    size: int
    crc: int
    zip64: bool


def deflated(content: bytes | pa.Buffer) -> Piece:
    """``content`` as a piece of an entry."""
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE)
    data = packer.compress(content) + packer.flush(isal_zlib.Z_SYNC_FLUSH)
    return Piece(data, memoryview(content).nbytes, isal_zlib.crc32(content))


class ZipStream:
    """Writes entries one after another; :meth:`end` closes the archive."""

    def __init__(self) -> None:
        self._offset = 0
        self._entries: list[_Entry] = []

    def entry(
        self, name: str, pieces: Iterable[Piece], *, may_reach_zip64: bool = False
    ) -> Iterator[bytes]:
        """One file of the archive. Its header comes before its size is known, so the caller says
        whether the content may reach 4 GiB; ``OverflowError`` if it does unannounced.
        """
        offset, encoded = self._offset, name.encode()
        yield self._told(_local_header(encoded, zip64=may_reach_zip64))
        packed, size, crc = len(_LAST_BLOCK), 0, 0
        for piece in pieces:
            packed += len(piece.data)
            size += piece.size
            crc = isal_zlib.crc32_combine(crc, piece.crc, piece.size)
            yield self._told(piece.data)
        if max(packed, size) >= ZIP64_FROM and not may_reach_zip64:
            raise OverflowError(f"{name} has grown to {size} bytes")
        entry = _Entry(encoded, offset, packed, size, crc, may_reach_zip64)
        self._entries.append(entry)
        sizes = "<IIQQ" if may_reach_zip64 else "<IIII"
        descriptor = struct.pack(sizes, 0x08074B50, crc, packed, size)
        yield self._told(_LAST_BLOCK + descriptor)

    def end(self) -> Iterator[bytes]:
        """The central directory."""
        start = self._offset
        for entry in self._entries:
            yield self._told(_central_header(entry))
        yield _directory_end(len(self._entries), start, self._offset - start)

    def _told(self, data: bytes) -> bytes:
        self._offset += len(data)
        return data


def _local_header(name: bytes, *, zip64: bool) -> bytes:
    extra = struct.pack("<HHQQ", 1, 16, 0, 0) if zip64 else b""
    size = ZIP64_FROM if zip64 else 0
    fields = (0x04034B50, _needed(zip64=zip64), _FLAGS, _DEFLATED, _MIDNIGHT, _1980_01_01)
    lengths = (0, size, size, len(name), len(extra))
    return struct.pack("<IHHHHHIIIHH", *fields, *lengths) + name + extra


def _central_header(entry: _Entry) -> bytes:
    wide = [entry.size, entry.packed] if entry.zip64 else []
    far = entry.offset >= ZIP64_FROM
    wide += [entry.offset] if far else []
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    packed, size = (ZIP64_FROM, ZIP64_FROM) if entry.zip64 else (entry.packed, entry.size)
    needed = _needed(zip64=bool(wide))
    fields = (0x02014B50, _UNIX | needed, needed, _FLAGS, _DEFLATED, _MIDNIGHT, _1980_01_01)
    lengths = (entry.crc, packed, size, len(entry.name), len(extra), 0, 0, 0, _REGULAR_FILE)
    offset = ZIP64_FROM if far else entry.offset
    return struct.pack("<IHHHHHHIIIHHHHHII", *fields, *lengths, offset) + entry.name + extra


def _directory_end(entries: int, start: int, size: int) -> bytes:
    wide = b""
    if start + size >= ZIP64_FROM:
        record = (0x06064B50, 44, _UNIX | 45, 45, 0, 0, entries, entries, size, start)
        wide = struct.pack("<IQHHIIQQQQ", *record)
        wide += struct.pack("<IIQI", 0x07064B50, 0, start + size, 1)
    size, start = min(size, ZIP64_FROM), min(start, ZIP64_FROM)
    return wide + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, entries, entries, size, start, 0)


def _needed(*, zip64: bool) -> int:
    return 45 if zip64 else 20
