"""A report's declared columns: key, header and exact Arrow type; never a binary float."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa

MONEY: Final = pa.decimal128(38, 12)
TIMESTAMP: Final = pa.timestamp("us", tz="UTC")


class Kind(StrEnum):
    """What a column holds, as the renderers tell them apart."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    DECIMAL = "decimal"


_KINDS: Final = {
    pa.string(): Kind.TEXT,
    pa.int64(): Kind.INTEGER,
    pa.int32(): Kind.INTEGER,
    pa.bool_(): Kind.BOOLEAN,
    pa.date32(): Kind.DATE,
    TIMESTAMP: Kind.TIMESTAMP,
}


def kind_of(data_type: pa.DataType) -> Kind:
    """The kind of an allowed type; ``TypeError`` for any other, floats above all."""
    if pa.types.is_decimal128(data_type) and data_type.scale >= 0:
        return Kind.DECIMAL
    if data_type not in _KINDS:
        raise TypeError(f"a report column cannot be {data_type}")
    return _KINDS[data_type]


@dataclass(frozen=True)
class Column:
    """One column: its stable key, the header people read, and what it holds.

    Texts that repeat are kept as a dictionary; where ``repeats`` is None, the first rows decide.
    """

    key: str
    header: str
    type: pa.DataType
    description: str = ""
    repeats: bool | None = None

    def __post_init__(self) -> None:
        kind_of(self.type)

    @property
    def kind(self) -> Kind:
        """What the column holds."""
        return kind_of(self.type)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of ``columns``, named by their keys, which must differ."""
    keys = [column.key for column in columns]
    if len(set(keys)) != len(keys):
        raise ValueError(f"two columns share a key: {keys}")
    return pa.schema([(column.key, column.type) for column in columns])
