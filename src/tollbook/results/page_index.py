"""Where each page of a result's Parquet file lies, from the offset indexes before its footer.

After the Parquet format's page index and Thrift's compact protocol: an offset index is a list of
structs of offset, size and first row, written row group by row group and column by column.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import NativeFile

from tollbook.results.parquet_pieces import read_footer
from tollbook.results.thrift import CompactReader

_SCHEMA: Final = 2
_ROW_GROUPS: Final = 4
_COLUMNS: Final = 1
_OFFSET_INDEX: Final = 4
_FIELDS_OF_PAGE: Final = 7
"""Three values, the header of each, and the end of the struct."""

_LONGEST: Final = 9
"""Bytes of a number."""

Numbers: TypeAlias = "array[int]"


class NoPageIndex(ValueError):
    """The file tells of no pages: it was written before results had an index."""


@dataclass(frozen=True)
class Pages:
    """The data pages of one column in one row group, in order of their rows."""

    offsets: Numbers
    sizes: Numbers
    first_rows: Numbers


@dataclass(frozen=True)
class PageIndex:
    """All pages of a file, by row group and then by column.

    ``schema`` is the beginning of its footer: version and schema.
    """

    schema: bytes
    pages: Sequence[Sequence[Pages]]


def read_page_index(file: NativeFile, metadata: pq.FileMetaData) -> PageIndex:
    """The pages of a file; ``NoPageIndex`` where it does not tell of them as expected."""
    footer, footer_at = read_footer(file)
    start, schema = _start_of_indexes(footer)
    if not start:
        raise NoPageIndex("the file has no offset index")
    try:
        pages = _all_pages(_tokens(file.read_at(footer_at - start, start)), metadata)
    except (IndexError, ValueError) as error:
        raise NoPageIndex(f"the offset indexes are not as expected: {error}") from error
    _check(pages, metadata)
    return PageIndex(schema, pages)


def _start_of_indexes(footer: bytes) -> tuple[int, bytes]:
    """Where the first offset index begins, 0 for none, and the footer up to its schema's end."""
    reader = CompactReader(footer)
    schema = b""
    for field in reader.fields():
        if field == _ROW_GROUPS:
            has_groups = reader.open_list() and next(reader.fields(), 0) == _COLUMNS
            return (_offset_index_of(reader) if has_groups and reader.open_list() else 0), schema
        reader.skip()
        schema = footer[: reader.at] if field == _SCHEMA else schema
    return 0, schema


def _offset_index_of(reader: CompactReader) -> int:
    for field in reader.fields():
        if field == _OFFSET_INDEX:
            return reader.integer()
        reader.skip()
    return 0


def _tokens(encoded: bytes) -> Numbers:
    """Every variable-length number of ``encoded``; a byte between them is a number too."""
    buffers = [None, pa.py_buffer(encoded)]
    part = pl.Series(pa.Array.from_buffers(pa.uint8(), len(encoded), buffers))
    is_last = part < 0x80
    ends = is_last.arg_true()
    number = is_last.cum_sum() - is_last
    begins = pl.concat([pl.Series([0], dtype=ends.dtype), ends.head(-1) + 1])
    place = pl.int_range(len(encoded), dtype=pl.UInt32, eager=True) - begins.gather(number)
    weight = pl.Series([1 << 7 * at for at in range(_LONGEST)], dtype=pl.Int64).gather(place)
    sums = ((part & 0x7F).cast(pl.Int64) * weight).cum_sum().gather(ends)
    tokens = array("q")
    tokens.frombytes(sums.diff(null_behavior="ignore").fill_null(sums[0]).to_arrow().buffers()[1])
    return tokens


def _all_pages(tokens: Numbers, metadata: pq.FileMetaData) -> list[list[Pages]]:
    found: list[list[Pages]] = []
    at = 0
    for _ in range(metadata.num_row_groups):
        columns = []
        for _ in range(metadata.num_columns):
            pages, at = _one_index(tokens, at)
            columns.append(pages)
        found.append(columns)
    return found


def _one_index(tokens: Numbers, at: int) -> tuple[Pages, int]:
    """The index that begins at a token, and where the next one does."""
    count, at = _list_size(tokens, at)
    end = at + _FIELDS_OF_PAGE * count
    values = [
        array("q", [token >> 1 for token in tokens[at + field : end : _FIELDS_OF_PAGE]])
        for field in (1, 3, 5)
    ]
    if tokens[end]:  # how long the texts of each page are
        more, end = _list_size(tokens, end)
        end += more
    if tokens[end]:
        raise ValueError("it holds more than is known")
    return Pages(*values), end + 1


def _list_size(tokens: Numbers, at: int) -> tuple[int, int]:
    """The elements of the list whose field begins at a token, and the token of the first.

    The size of a long list follows a byte that is itself above 127: both are one number here.
    """
    header = tokens[at + 1]
    return (header >> 4 if header < 0x80 else header >> 7), at + 2


def _check(pages: Sequence[Sequence[Pages]], metadata: pq.FileMetaData) -> None:
    for group, columns in enumerate(pages):
        told = metadata.row_group(group)
        for at in (0, len(columns) - 1):
            first, told_first = columns[at], told.column(at).data_page_offset
            if first.first_rows[0] or first.offsets[0] != told_first:
                raise NoPageIndex("the offset indexes are not where they are expected")
