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
from tollbook.usage.readers.lines import is_text
from tollbook.usage.readers.raw import RawBatch, Unread
from tollbook.usage.records import AMOUNT
from tollbook.usage.refusals import refusals

_ROWS: Final = 32_768
_LARGEST_GROUP: Final = 2 << 30
_MOMENT: Final = pa.timestamp("us", tz="UTC")
_LEAST: Final = 4
"""Bytes that a text takes at least where it is not said by its number: those of its length."""
_LONGEST: Final = 1_024
"""Bytes: no text that can be taken has more."""
_FAR: Final = {"s": 10**12, "ms": 10**15}
"""Of units that reach further than microseconds, so many are far beyond any century of usage."""


def read_parquet(file: Any) -> Iterator[Unread]:
    """The records of a Parquet file that can be read at any place; lines are rows, from 1."""
    parquet = _opened(file)
    if repeated := _repeated(parquet):
        parquet = pq.ParquetFile(file, metadata=parquet.metadata, read_dictionary=repeated)
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
    """The rows of ``batch``; those that have a text of other bytes than UTF-8 are refused."""
    table = _plain(batch)
    strange = {
        name: found
        for name, column in zip(table.schema.names, table.itercolumns(), strict=True)
        if (found := _no_texts(column.chunk(0))) is not None
    }
    if not strange:
        return RawBatch(lines, table)
    good = pl.select(~pl.any_horizontal(strange.values())).to_series()
    refused = [
        refusals(
            lines.filter(wrong),
            column=name,
            values=_shown(table[name], wrong),
            reasons=pl.repeat("is no text of Unicode", int(wrong.sum()), eager=True),
            record_ids=_shown(table["record_id"], wrong),
        )
        for name, wrong in strange.items()
    ]
    told = pl.concat(refused).sort("line", maintain_order=True)
    return RawBatch(lines.filter(good), table.filter(good.to_arrow()), told)


def _opened(file: Any) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInput("this is no Parquet file, or it broke off", field="file") from error
    except UnicodeDecodeError as error:
        raise InvalidInput("the name of a column is no text of Unicode", field="file") from error


def _repeated(parquet: pq.ParquetFile) -> list[str]:
    """Texts that take so little room that they must repeat: they are kept once while they are read.

    A file of a few kilobytes may say one long text a million times.
    """
    metadata, found = parquet.metadata, []
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for place, field in enumerate(parquet.schema_arrow):
        chunks = [group.column(place) for group in groups] if _is_text(field.type) else []
        if any(chunk.total_uncompressed_size < _LEAST * chunk.num_values for chunk in chunks):
            found.append(field.name)
    return found


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
        return _moments(column)
    if pa.types.is_decimal(kind):
        return _amounts_or_texts(column)
    if pa.types.is_integer(kind):
        return column.cast(pa.string()) if pa.types.is_uint64(kind) else column.cast(pa.int64())
    if pa.types.is_dictionary(kind):
        column = pa.DictionaryArray.from_arrays(column.indices, _cut(column.dictionary))
    return column.cast(pa.string())


def _cut(texts: pa.Array) -> pa.Array:
    """Texts that are longer than any that can be taken end early, with a sign that they go on."""
    lengths = pc.binary_length(texts)
    if (pc.max(lengths).as_py() or 0) <= _LONGEST:
        return texts
    cut = [
        each
        if each is None or len(each) <= _LONGEST
        else f"{each[:_LONGEST].decode(errors='replace')}…".encode()
        for each in _bytes(texts)
    ]
    return pa.array(cut, pa.binary()).view(pa.string())


def _moments(column: pa.Array) -> pa.Array:
    """Moments as the lake has them, whichever zone shows them; none comes around from far away."""
    unit = column.type.unit
    if far := _FAR.get(unit):
        ticks = pc.max_element_wise(column.cast(pa.int64()), -far, skip_nulls=False)
        column = pc.min_element_wise(ticks, far, skip_nulls=False)
    moments = column.cast(pa.timestamp(unit, tz="UTC"))
    return pc.floor_temporal(moments, unit="microsecond").cast(_MOMENT, safe=False)


def _amounts_or_texts(column: pa.Array) -> pa.Array:
    """Numbers of any scale as amounts, where each of them is one to its last digit."""
    try:
        return column.cast(AMOUNT)
    except pa.ArrowInvalid:  # the checks tell which, by its text without an exponent
        texts = [None if one is None else digits_text(one) for one in column.to_pylist()]
        return pa.array(texts, pa.string())


def _no_texts(column: pa.Array) -> pl.Series | None:
    """Which values of a column of texts are no UTF-8, which Parquet does not look at."""
    text = column.buffers()[2] if pa.types.is_string(column.type) else None
    if text is None or text.to_pybytes().isascii():
        return None
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return pl.Series([not is_text(each or b"") for each in _bytes(column)])
    return None


def _shown(column: pa.ChunkedArray, where: pl.Series) -> pl.Series:
    """The values as texts, in which other bytes than UTF-8 are escaped."""
    found = _bytes(column.filter(where.to_arrow()))
    texts = [None if each is None else each.decode(errors="backslashreplace") for each in found]
    return pl.Series(texts, dtype=pl.String)


def _bytes(column: pa.Array | pa.ChunkedArray) -> list[bytes | None]:
    return list(column.cast(pa.binary()).to_pylist())
