"""One Parquet file out of row groups that lie in others: byte for byte what one writer would leave.

After the Parquet format: behind its row groups a file has the column indexes, which tell no places,
then the offset indexes and the footer, which do. Those are told anew, the rest is copied.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import pyarrow as pa

from tollbook.results.thrift import (
    BINARY,
    I16,
    I32,
    I64,
    LIST,
    STRUCT,
    binary,
    elements_of,
    fields_of,
    integer,
    number_of,
    sequence,
    struct,
    text_of,
    unsigned,
    unsigned_of,
)

MAGIC: Final = b"PAR1"
_TAIL: Final = 8
"""The length of the footer and the magic number."""
_VERSION, _SCHEMA, _ROWS, _GROUPS, _KEY_VALUES, _WRITER, _ORDERS = 1, 2, 3, 4, 5, 6, 7
_KNOWN: Final = {_VERSION, _SCHEMA, _ROWS, _GROUPS, _KEY_VALUES, _WRITER, _ORDERS}
_ALIKE: Final = (_VERSION, _SCHEMA, _WRITER, _ORDERS)
_CHUNKS, _GROUP_AT, _GROUP_ORDINAL = 1, 5, 7
_CHUNK_AT, _CHUNK_ABOUT = 2, 3
_OFFSETS_AT, _OFFSETS_SIZE, _COLUMNS_AT, _COLUMNS_SIZE = 4, 5, 6, 7
_PLACES_OF_CHUNK: Final = (9, 10, 11)
"""Of its data, of an index and of its dictionary."""
_BLOOM: Final = 14
_PAGES: Final = 1

_ARROW_SCHEMA: Final = b"ARROW:schema"
_NUMBER: Final = rb"[\x80-\xff]*[\x00-\x7f]"
_PAGE: Final = re.compile(
    rb"\x16(%(n)b)(\x15%(n)b\x16%(n)b\x00)" % {b"n": _NUMBER}, flags=re.DOTALL
)
"""One page of an offset index: its place, its size, its first row."""

Fields: TypeAlias = dict[int, tuple[int, bytes]]


class NotAlike(ValueError):
    """The row groups cannot stand in one file, or the file is not as expected."""


@dataclass(frozen=True)
class Piece:
    """What stands behind the row groups of one file, which fill its bytes up to ``end``.

    ``footer`` is its outermost struct; ``indexes`` are the bytes between.
    """

    end: int
    indexes: bytes
    footer: Fields

    @classmethod
    def of_tail(cls, tail: bytes, start: int) -> Self:
        """Of the last bytes of a file, which begin at ``start`` and are at least all the indexes.

        ``NotAlike`` where they are no tail of a Parquet file with an offset index.
        """
        footer_at = len(tail) - _TAIL - int.from_bytes(tail[-_TAIL:][:4], "little")
        if tail[-4:] != MAGIC or footer_at < 0:
            raise NotAlike("its last bytes are not those of a Parquet file")
        try:
            footer = fields_of(tail[footer_at:-_TAIL])
            end = min(_index_places(footer), default=start + footer_at)
        except (IndexError, KeyError) as error:
            raise NotAlike("its footer cannot be read") from error
        if footer.keys() - _KNOWN or not start <= end <= start + footer_at:
            raise NotAlike("its footer tells more than is known, or of other places")
        return cls(end, tail[end - start : footer_at], footer)

    @classmethod
    def of_file(cls, file: pa.NativeFile) -> Self:
        """Of a file that can be read at any place."""
        footer, footer_at = read_footer(file)
        start = min(_index_places(fields_of(footer)), default=footer_at)
        return cls.of_tail(file.read_at(file.size() - start, start), start)

    @property
    def alike(self) -> tuple[object, ...]:
        """What pieces of one file must have in common: schema, writer, the order of values."""
        return *(self.footer.get(field) for field in _ALIKE), self.notes().get(_ARROW_SCHEMA)

    @property
    def rows(self) -> int:
        """How many rows its row groups have."""
        return number_of(self.footer[_ROWS][1])

    def notes(self) -> dict[bytes, bytes]:
        """Keys and values that the footer holds."""
        if _KEY_VALUES not in self.footer:
            return {}
        told = map(fields_of, elements_of(self.footer[_KEY_VALUES][1]))
        return {text_of(each[1][1]): text_of(each[2][1]) for each in told}


class PiecesOfParquet:
    """Tells the indexes and the footer of the row groups of several pieces."""

    def __init__(self) -> None:
        self._first: Piece | None = None
        self._rows = 0
        self._groups: list[tuple[Fields, list[Fields]]] = []
        self._columns: list[bytes] = []
        self._offsets: list[bytes] = []

    def add(self, piece: Piece, at: int) -> None:
        """Take in what ``piece`` tells; its row groups, less the magic number, stand at ``at``.

        ``NotAlike`` where it cannot stand beside those before.
        """
        if self._first is not None and piece.alike != self._first.alike:
            raise NotAlike("its row groups have another schema or another writer")
        self._first = self._first or piece
        moved = at - len(MAGIC)
        for encoded in elements_of(piece.footer[_GROUPS][1]):
            group = fields_of(encoded)
            chunks = [fields_of(each) for each in elements_of(group[_CHUNKS][1])]
            for chunk in chunks:
                self._take(chunk, piece, moved)
            _shift(group, _GROUP_AT, moved)
            self._groups.append((group, chunks))
        self._rows += piece.rows

    def tail(self, at: int, notes: Mapping[bytes, bytes]) -> Iterator[bytes]:
        """What comes behind the row groups, which end at ``at``; ``notes`` are added to its own."""
        if self._first is None:
            raise NotAlike("there is no piece")
        at = yield from self._index(at, self._columns, _COLUMNS_AT, _COLUMNS_SIZE)
        yield from self._index(at, self._offsets, _OFFSETS_AT, _OFFSETS_SIZE)
        footer = self._footer(self._first, notes)
        yield footer + len(footer).to_bytes(4, "little") + MAGIC

    def _take(self, chunk: Fields, piece: Piece, moved: int) -> None:
        start = piece.end
        self._columns.append(_slice(chunk, piece.indexes, start, _COLUMNS_AT, _COLUMNS_SIZE))
        offsets = _slice(chunk, piece.indexes, start, _OFFSETS_AT, _OFFSETS_SIZE)
        self._offsets.append(_moved_pages(offsets, moved) if offsets else b"")
        _shift(chunk, _CHUNK_AT, moved)
        kind, about = chunk[_CHUNK_ABOUT]
        told = fields_of(about)
        if _BLOOM in told:
            raise NotAlike("it has bloom filters")
        for field in _PLACES_OF_CHUNK:
            _shift(told, field, moved)
        chunk[_CHUNK_ABOUT] = kind, _encoded(told)

    def _index(
        self, at: int, parts: Iterable[bytes], place: int, size: int
    ) -> Generator[bytes, None, int]:
        chunks = (chunk for _, of_group in self._groups for chunk in of_group)
        for chunk, part in zip(chunks, parts, strict=True):
            if part:
                chunk[place] = I64, integer(at)
                chunk[size] = I32, integer(len(part))
                at += len(part)
                yield part
        return at

    def _footer(self, first: Piece, notes: Mapping[bytes, bytes]) -> bytes:
        kept = {**notes, **first.notes(), **notes}  # what is added stands first, as writers have it
        told = [
            struct((1, BINARY, binary(key)), (2, BINARY, binary(value)))
            for key, value in kept.items()
        ]
        groups = []
        for ordinal, (group, chunks) in enumerate(self._groups):
            group[_CHUNKS] = LIST, sequence(STRUCT, [_encoded(chunk) for chunk in chunks])
            if _GROUP_ORDINAL in group:
                group[_GROUP_ORDINAL] = I16, integer(ordinal)
            groups.append(_encoded(group))
        footer = dict(first.footer)
        footer[_ROWS] = I64, integer(self._rows)
        footer[_GROUPS] = LIST, sequence(STRUCT, groups)
        footer[_KEY_VALUES] = LIST, sequence(STRUCT, told)
        return _encoded(footer)


def read_footer(file: pa.NativeFile) -> tuple[bytes, int]:
    """The footer of a Parquet file that can be read at any place, and where it begins."""
    end = file.size() - _TAIL
    size = int.from_bytes(file.read_at(_TAIL, end)[:4], "little")
    return file.read_at(size, end - size), end - size


def _index_places(footer: Fields) -> Iterator[int]:
    for group in elements_of(footer[_GROUPS][1]):
        for encoded in elements_of(fields_of(group)[_CHUNKS][1]):
            chunk = fields_of(encoded)
            if _OFFSETS_AT not in chunk:
                raise NotAlike("it has no offset index")
            yield from (
                number_of(chunk[place][1]) for place in (_OFFSETS_AT, _COLUMNS_AT) if place in chunk
            )


def _slice(chunk: Fields, indexes: bytes, start: int, place: int, size: int) -> bytes:
    """The index that the chunk has in ``indexes``, which begin at ``start``; empty for none."""
    if place not in chunk:
        return b""
    at = number_of(chunk[place][1]) - start
    return indexes[at : at + number_of(chunk[size][1])]


def _shift(fields: Fields, field: int, moved: int) -> None:
    """Move a place; nothing is said by 0."""
    if field in fields and (place := number_of(fields[field][1])):
        fields[field] = fields[field][0], integer(place + moved)


def _moved_pages(offsets: bytes, moved: int) -> bytes:
    """An offset index with its pages elsewhere."""
    fields = fields_of(offsets)
    kind, pages = fields[_PAGES]
    told, changed = _PAGE.subn(
        lambda page: b"\x16" + unsigned(unsigned_of(page[1]) + 2 * moved) + page[2], pages
    )
    if changed != len(elements_of(pages)):
        raise NotAlike("its offset index tells more of a page than is known")
    return _encoded(fields | {_PAGES: (kind, told)})


def _encoded(fields: Fields) -> bytes:
    return struct(*((number, *fields[number]) for number in sorted(fields)))
