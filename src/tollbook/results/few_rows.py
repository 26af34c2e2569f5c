"""Some rows of a result, wherever they stand, from the pages that hold them and no others.

Arrow reads whole row groups. So that it need not, the pages are put together as a Parquet file of
their own, which Arrow then reads.
"""

import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, chain
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import NativeFile

from tollbook.results.page_index import NoPageIndex, Numbers, PageIndex, read_page_index
from tollbook.results.parquet_pieces import MAGIC
from tollbook.results.thrift import (
    BINARY,
    I32,
    I64,
    LIST,
    STRUCT,
    binary,
    integer,
    sequence,
    struct,
)

_TYPES: Final = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY")
_FIXED: Final = len(_TYPES)
_CODECS: Final = {"UNCOMPRESSED": 0, "SNAPPY": 1, "GZIP": 2, "ZSTD": 6}
_ENCODINGS: Final = (0, 3, 8)  # plain, run lengths, dictionary
_READS_AT_ONCE: Final = 16


Part = tuple[int, int]
"""Offset and size of a page."""


class RowPicker:
    """Picks rows of one file by their numbers; ``is_near`` where a read costs next to nothing."""

    def __init__(self, file: NativeFile, parquet: pq.ParquetFile, *, is_near: bool) -> None:
        metadata = parquet.metadata
        sizes = [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)]
        self._begins = list(accumulate(sizes, initial=0))
        self._parquet = parquet
        self._reading = threading.Lock()
        try:
            index = read_page_index(file, metadata)
        except NoPageIndex:
            self._pages = None
        else:
            self._pages = _PageReader(file, parquet, index, is_near=is_near)

    def pick(self, numbers: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """The rows of those numbers, in that order; texts are plain."""
        wanted: dict[int, set[int]] = {}
        for row in numbers:
            group = bisect_right(self._begins, row) - 1
            wanted.setdefault(group, set()).add(row - self._begins[group])
        rows = {group: sorted(each) for group, each in sorted(wanted.items())}
        at = {row: place for place, row in enumerate(sorted(set(numbers)))}
        return self._table(rows, columns).take([at[row] for row in numbers])

    def _table(self, rows: Mapping[int, list[int]], columns: Sequence[str]) -> pa.Table:
        """The wanted rows of each row group, all in rising order."""
        if self._pages is not None:
            return self._pages.table(rows, columns)
        with self._reading:
            tables = [
                _with_plain_texts(self._parquet.read_row_group(group, columns=list(columns)))
                for group in rows
            ]
        return pa.concat_tables(
            table.take(each) for table, each in zip(tables, rows.values(), strict=True)
        )


class _PageReader:
    """Reads the pages that hold some rows."""

    def __init__(
        self, file: NativeFile, parquet: pq.ParquetFile, index: PageIndex, *, is_near: bool
    ) -> None:
        self._file = file
        self._metadata = parquet.metadata
        self._names = parquet.schema_arrow.names
        self._index = index
        self._is_near = is_near
        first = self._metadata.row_group(0)
        self._heads = [_head(first.column(at)) for at in range(first.num_columns)]
        self._dictionaries: dict[tuple[int, int], int | None] = {}
        self._absent = [
            self._column_chunk(at, 0, len(MAGIC), 0, 0) for at in range(first.num_columns)
        ]

    def table(self, wanted: Mapping[int, list[int]], columns: Sequence[str]) -> pa.Table:
        """The wanted rows of each row group, counted in it, in rising order."""
        positions = [self._names.index(name) for name in columns]
        found: dict[str, pa.ChunkedArray] = {}
        for alike in self._cut_alike(wanted, positions):
            table = self._read(wanted, alike)
            found |= {name: table[name] for name in table.schema.names}
        return pa.table({name: found[name] for name in columns})

    def _cut_alike(self, groups: Iterable[int], columns: Sequence[int]) -> list[list[int]]:
        """The columns, those together whose pages begin at the same rows, with dictionaries or not.

        Without one the pages of all row groups are read as one.
        """
        alike: dict[tuple[object, ...], list[int]] = {}
        for column in columns:
            cuts = [self._index.pages[at][column].first_rows.tobytes() for at in groups]
            has_dictionary = any(self._dictionary_at(at, column) is not None for at in groups)
            alike.setdefault((has_dictionary, *cuts), []).append(column)
        return list(alike.values())

    def _read(self, wanted: Mapping[int, list[int]], columns: Sequence[int]) -> pa.Table:
        parts: list[list[list[Part]]] = []
        takes: list[int] = []
        sizes: list[int] = []
        for group, rows in wanted.items():
            size = self._metadata.row_group(group).num_rows
            first_rows = self._index.pages[group][columns[0]].first_rows
            chosen, take, held = _chosen(first_rows, rows, size)
            takes += [sum(sizes) + each for each in take]
            sizes.append(held)
            parts.append([self._parts(group, column, chosen) for column in columns])
        if not any(chunk[0][1] for group_parts in parts for chunk in group_parts):
            parts, sizes = [_joined(parts)], [sum(sizes)]
        content = pa.py_buffer(self._file_of(columns, parts, sizes))
        names = [self._names[column] for column in columns]
        return pq.ParquetFile(content).read(columns=names, use_threads=False).take(takes)

    def _parts(self, group: int, column: int, chosen: Sequence[int]) -> list[Part]:
        """The pages of those places, after the dictionary or an empty part where there is none."""
        pages = self._index.pages[group][column]
        first, begins = pages.offsets[0], self._dictionary_at(group, column)
        dictionary = (0, 0) if begins is None else (begins, first - begins)
        return [dictionary, *((pages.offsets[at], pages.sizes[at]) for at in chosen)]

    def _dictionary_at(self, group: int, column: int) -> int | None:
        place = (group, column)
        if place not in self._dictionaries:
            told = self._metadata.row_group(group).column(column).dictionary_page_offset
            self._dictionaries[place] = told
        return self._dictionaries[place]

    def _file_of(
        self, columns: Sequence[int], parts: Sequence[Sequence[Sequence[Part]]], rows: Sequence[int]
    ) -> bytes:
        """A file with a row group for each list of ``parts``, in which only ``columns`` are."""
        places = list(chain.from_iterable(chain.from_iterable(parts)))
        content = b"".join([MAGIC, *self._pieces(places)])
        at, groups = len(MAGIC), []
        for group, held in zip(parts, rows, strict=True):
            told = dict(enumerate(self._absent))
            for column, chunk in zip(columns, group, strict=True):
                size = sum(part[1] for part in chunk)
                told[column] = self._column_chunk(column, held, at, size, chunk[0][1])
                at += size
            chunks = list(told.values())
            fields = (1, LIST, sequence(STRUCT, chunks)), (2, I64, integer(0))
            groups.append(struct(*fields, (3, I64, integer(held))))
        footer = self._footer(groups, sum(rows))
        return content + footer + len(footer).to_bytes(4, "little") + MAGIC

    def _pieces(self, places: Sequence[Part]) -> list[bytes]:
        if self._is_near:
            return [self._file.read_at(size, offset) for offset, size in places if size]
        with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
            return list(pool.map(lambda place: self._file.read_at(place[1], place[0]), places))

    def _column_chunk(self, column: int, rows: int, at: int, size: int, dictionary: int) -> bytes:
        length = integer(size)
        fields = [
            (5, I64, integer(rows)),
            (6, I64, length),
            (7, I64, length),
            (9, I64, integer(at + dictionary)),
        ]
        if dictionary:
            fields.append((11, I64, integer(at)))
        inside = self._heads[column] + struct(*fields, after=4)
        return struct((2, I64, integer(at)), (3, STRUCT, inside))

    def _footer(self, groups: Sequence[bytes], rows: int) -> bytes:
        """Without Arrow's own schema, by which texts would come as dictionaries."""
        return self._index.schema + struct(
            (3, I64, integer(rows)),
            (4, LIST, sequence(STRUCT, groups)),
            (6, BINARY, binary(str(self._metadata.created_by).encode())),
            after=2,
        )


def _joined(parts: Sequence[Sequence[Sequence[Part]]]) -> list[list[Part]]:
    """The pages of each column one after another, those of all row groups."""
    return [[part for chunk in chunks for part in chunk] for chunks in zip(*parts, strict=True)]


def _chosen(
    first_rows: Numbers, rows: Sequence[int], size: int
) -> tuple[list[int], list[int], int]:
    """Which pages hold ``rows``, where each row stands in them together, and how many they hold."""
    holding = [bisect_right(first_rows, row) - 1 for row in rows]
    ends = [*first_rows[1:], size]
    chosen = sorted(set(holding))
    before: dict[int, int] = {}
    held = 0
    for page in chosen:
        before[page] = held - first_rows[page]
        held += ends[page] - first_rows[page]
    return chosen, [before[page] + row for page, row in zip(holding, rows, strict=True)], held


def _head(told: pq.ColumnChunkMetaData) -> bytes:
    """What the metadata of all chunks of a column begin with: type, encodings, name, codec."""
    kind = told.physical_type
    return struct(
        (1, I32, integer(_TYPES.index(kind) if kind in _TYPES else _FIXED)),
        (2, LIST, sequence(I32, [integer(encoding) for encoding in _ENCODINGS])),
        (3, LIST, sequence(BINARY, [binary(told.path_in_schema.encode())])),
        (4, I32, integer(_CODECS[told.compression])),
    )[:-1]


def _with_plain_texts(table: pa.Table) -> pa.Table:
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(plain))
