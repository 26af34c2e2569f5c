"""Parquet, read in batches; the types of its columns say whether it can be taken at all."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tollbook.kernel.errors import InvalidInput
from tollbook.kernel.money import digits_text
from tollbook.results.parquet_batches import batches_of
from tollbook.usage.readers.columns import check_columns
from tollbook.usage.readers.raw import RawBatch, Unread
from tollbook.usage.records import AMOUNT

_ROWS: Final = 32_768
_LARGEST_GROUP: Final = 2 << 30
_MOMENT: Final = pa.timestamp("us", tz="UTC")


def read_parquet(file: Any) -> Iterator[Unread]:
    """The records of a Parquet file that can be read at any place; lines are rows, from 1."""
    parquet = _opened(file)
    schema = parquet.schema_arrow
    check_columns(schema.names)
    for field in schema:
        _check_type(field)
    _check_groups(parquet)
    row = 1
    try:
        for batch in batches_of(parquet, _ROWS, use_threads=False):
            lines = pl.int_range(row, row + batch.num_rows, dtype=pl.Int64, eager=True)
            row += batch.num_rows
            yield partial(_read, lines, batch)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInput(
            f"the Parquet file is damaged after row {row - 1}", field="file"
        ) from error


def _read(lines: pl.Series, batch: pa.RecordBatch) -> RawBatch:
    return RawBatch(lines, _plain(batch))


def _opened(file: Any) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInput("this is no Parquet file, or it broke off", field="file") from error


def _is_text(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(inner)
        or pa.types.is_large_string(inner)
        or pa.types.is_string_view(inner)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or _is_text(kind))


def _is_id(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or _is_text(kind))


def _is_moment(kind: pa.DataType) -> bool:
    return bool((pa.types.is_timestamp(kind) and kind.tz) or _is_text(kind))


_TYPES: Final[Mapping[str, tuple[Callable[[pa.DataType], bool], str]]] = {
    "client_id": (_is_id, "an integer or a text"),
    "addendum_id": (_is_id, "an integer or a text"),
    "period_start": (_is_moment, "a timestamp with the time zone UTC, or a text"),
    "period_end": (_is_moment, "a timestamp with the time zone UTC, or a text"),
    "amount": (_is_number, "a decimal, an integer or a text"),
}
"""What a column may be, and how that is said; every other column is text."""


def _check_type(field: pa.Field) -> None:
    fits, words = _TYPES.get(field.name, (_is_text, "a text"))
    if not (fits(field.type) or pa.types.is_null(field.type)):
        raise InvalidInput(
            f"the column {field.name} is {field.type}; write it as {words}", field="file"
        )


def _check_groups(parquet: pq.ParquetFile) -> None:
    """Row groups are read whole: refuse those that would not fit into a worker's memory."""
    metadata = parquet.metadata
    largest = max(
        (metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups)),
        default=0,
    )
    if largest > _LARGEST_GROUP:
        raise InvalidInput(
            "a row group holds more than 2 GB; write row groups of a million rows at most",
            field="file",
        )


def _plain(batch: pa.RecordBatch) -> pa.Table:
    """Types that the checks know: text, int64, decimal128(38,12) or text, timestamp in UTC."""
    return pa.table({name: _plain_column(batch.column(name)) for name in batch.schema.names})


def _plain_column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pc.floor_temporal(column, unit="microsecond").cast(_MOMENT, safe=False)
    if pa.types.is_decimal(kind):
        return _amounts_or_texts(column)
    if pa.types.is_integer(kind):
        return column.cast(pa.string()) if pa.types.is_uint64(kind) else column.cast(pa.int64())
    return column.cast(pa.string())


def _amounts_or_texts(column: pa.Array) -> pa.Array:
    """Numbers of any scale as amounts, where each of them is one to its last digit."""
    try:
        return column.cast(AMOUNT)
    except pa.ArrowInvalid:  # the checks tell which, by its text without an exponent
        texts = [None if one is None else digits_text(one) for one in column.to_pylist()]
        return pa.array(texts, pa.string())
