"""Declared columns."""

import pyarrow as pa
import pytest

from tollbook.results.columns import MONEY, TIMESTAMP, Column, Kind, arrow_schema


@pytest.mark.parametrize(
    ("data_type", "kind"),
    [
        (pa.string(), Kind.TEXT),
        (pa.int64(), Kind.INTEGER),
        (pa.int32(), Kind.INTEGER),
        (pa.bool_(), Kind.BOOLEAN),
        (pa.date32(), Kind.DATE),
        (TIMESTAMP, Kind.TIMESTAMP),
        (MONEY, Kind.DECIMAL),
        (pa.decimal128(9, 4), Kind.DECIMAL),
    ],
)
def test_every_allowed_type_has_its_kind(data_type: pa.DataType, kind: Kind) -> None:
    assert Column("key", "Header", data_type).kind is kind


@pytest.mark.parametrize(
    "data_type",
    [
        pa.float64(),
        pa.float32(),
        pa.float16(),
        pa.timestamp("us"),
        pa.timestamp("ns", tz="UTC"),
        pa.timestamp("us", tz="Europe/Berlin"),
        pa.decimal256(50, 12),
        pa.decimal128(9, -2),
        pa.large_string(),
        pa.binary(),
        pa.list_(pa.string()),
        pa.int8(),
        pa.uint64(),
    ],
)
def test_any_other_type_is_refused_floats_above_all(data_type: pa.DataType) -> None:
    with pytest.raises(TypeError, match="cannot be"):
        Column("key", "Header", data_type)


def test_a_schema_is_named_by_keys_in_order() -> None:
    columns = [Column("b", "B", pa.string()), Column("a", "A", MONEY)]
    assert arrow_schema(columns) == pa.schema([("b", pa.string()), ("a", MONEY)])


def test_two_columns_cannot_share_a_key() -> None:
    with pytest.raises(ValueError, match="share a key"):
        arrow_schema([Column("a", "A", pa.string()), Column("a", "B", pa.string())])
