"""Arrow batches as engines deliver them → the declared columns, unchanged or refused."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tollbook.results.columns import Column, Kind

_FIRST_DAY: Final = -719_162
"""0001-01-01 in days since 1970; Python, SQL and ISO 8601 with four digits of year begin here."""
_LAST_DAY: Final = 2_932_896
"""9999-12-31."""
_DAY: Final = 86_400_000_000


class InexactValue(ValueError):
    """A value that its declared column cannot hold unchanged."""


def cast_exactly(batch: pa.RecordBatch, columns: Sequence[Column]) -> pa.RecordBatch:
    """``batch`` with the names, order and types of ``columns``.

    Decimals may come as text (as ADBC delivers numeric); a time without a zone is UTC. Texts that
    come as a dictionary stay one. Refused: floats, NaN, lost digits, dates outside the years 1 to
    9999, unknown or missing columns.
    """
    keys = [column.key for column in columns]
    if sorted(batch.schema.names) != sorted(keys):
        raise ValueError(f"expected the columns {keys}, got {batch.schema.names}")
    arrays = [_cast(batch.column(column.key), column) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=keys)


def _cast(array: pa.Array, column: Column) -> pa.Array:
    if isinstance(array.type, pa.OpaqueType):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        if column.kind is Kind.TEXT and not array.dictionary.null_count:
            texts = _cast(array.dictionary, column)
            return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int32()), texts)
        array = array.dictionary_decode()
    if not _SOURCES[column.kind](array.type) and not pa.types.is_null(array.type):
        raise TypeError(f"column {column.key}: {array.type} is not taken as {column.type}")
    try:
        exact = array if array.type == column.type else pc.cast(array, column.type)
        _check_values(exact, column.kind)
    except pa.ArrowInvalid as error:
        raise InexactValue(f"column {column.key}: {error}") from error
    return exact


def _check_values(array: pa.Array, kind: Kind) -> None:
    if kind is Kind.TEXT:
        array.validate(full=True)
    elif kind is Kind.DATE:
        _check_range(pc.cast(array, pa.int32()), _FIRST_DAY, _LAST_DAY)
    elif kind is Kind.TIMESTAMP:
        _check_range(pc.cast(array, pa.int64()), _FIRST_DAY * _DAY, (_LAST_DAY + 1) * _DAY - 1)


def _check_range(numbers: pa.Array, first: int, last: int) -> None:
    found = pc.min_max(numbers)
    low, high = found["min"].as_py(), found["max"].as_py()
    if low is not None and (low < first or high > last):
        raise pa.ArrowInvalid("a date outside the years 1 to 9999")


def _is_text(source: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(source)
        or pa.types.is_large_string(source)
        or pa.types.is_string_view(source)
    )


def _is_number_or_its_text(source: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(source) or pa.types.is_integer(source) or _is_text(source))


_SOURCES: Final[Mapping[Kind, Callable[[pa.DataType], bool]]] = {
    Kind.TEXT: _is_text,
    Kind.INTEGER: pa.types.is_integer,
    Kind.BOOLEAN: pa.types.is_boolean,
    Kind.DATE: pa.types.is_date,
    Kind.TIMESTAMP: pa.types.is_timestamp,
    Kind.DECIMAL: _is_number_or_its_text,
}
