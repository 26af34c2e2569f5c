"""Batches from engines become the declared columns exactly, or not at all."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tollbook.results.columns import MONEY, TIMESTAMP, Column
from tollbook.results.exact_cast import InexactValue, cast_exactly


def cast(array: pa.Array, data_type: pa.DataType) -> list[Any]:
    batch = pa.RecordBatch.from_arrays([array], names=["value"])
    values: list[Any] = cast_exactly(batch, [Column("value", "Value", data_type)])[
        "value"
    ].to_pylist()
    return values


@pytest.mark.parametrize(
    "text",
    [
        "99999999999999999999999999.999999999999",
        "-99999999999999999999999999.999999999999",
        "0.000000000001",
        "-0.000000000001",
        "1234.50",
        "0",
    ],
)
def test_amounts_that_come_as_text_keep_every_digit(text: str) -> None:
    assert cast(pa.array([text, None]), MONEY) == [Decimal(text), None]


def test_numeric_as_adbc_delivers_it_is_taken() -> None:
    opaque = pa.opaque(pa.string(), "numeric", "PostgreSQL")
    array = pa.ExtensionArray.from_storage(opaque, pa.array(["12.000000000001", None]))
    assert cast(array, MONEY) == [Decimal("12.000000000001"), None]


@pytest.mark.parametrize(
    "text",
    ["NaN", "nan", "Infinity", "-Infinity", "", "12,5", "0.0000000000001", "1" + "0" * 26],
)
def test_an_amount_that_would_not_stay_itself_is_refused(text: str) -> None:
    with pytest.raises(InexactValue, match="column value"):
        cast(pa.array([text]), MONEY)


def test_a_decimal_with_more_places_than_declared_is_refused() -> None:
    with pytest.raises(InexactValue):
        cast(pa.array([Decimal("0.00005")]), pa.decimal128(9, 4))


def test_a_decimal_too_large_for_its_column_is_refused() -> None:
    wide = pa.array([10**37], type=pa.decimal128(38, 0))
    with pytest.raises(InexactValue):
        cast(wide, MONEY)


@pytest.mark.parametrize("source", [pa.float64(), pa.float32()])
@pytest.mark.parametrize("data_type", [MONEY, pa.int64(), pa.string(), TIMESTAMP])
def test_floats_are_refused_whatever_they_hold(source: pa.DataType, data_type: pa.DataType) -> None:
    with pytest.raises(TypeError, match="column value"):
        cast(pa.array([1.0], type=source), data_type)


def test_integers_that_fit_are_taken_and_others_refused() -> None:
    assert cast(pa.array([2**31 - 1]), pa.int32()) == [2**31 - 1]
    assert cast(pa.array([5]), MONEY) == [Decimal(5)]
    with pytest.raises(InexactValue):
        cast(pa.array([2**31]), pa.int32())


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["a", None, "a"]).dictionary_encode(),
        pa.array(["a", None, "a"], type=pa.large_string()),
        pa.array(["a", None, "a"], type=pa.string_view()),
    ],
)
def test_text_in_any_layout_is_the_same_text(array: pa.Array) -> None:
    assert cast(array, pa.string()) == ["a", None, "a"]


def test_text_that_is_no_unicode_is_refused() -> None:
    broken = pa.array([b"\xff\xfe"]).view(pa.string())
    with pytest.raises(InexactValue):
        cast(broken, pa.string())


def test_a_column_of_nulls_is_taken_for_any_type() -> None:
    assert cast(pa.nulls(2), MONEY) == [None, None]


def test_times_are_utc_and_lose_nothing() -> None:
    moment = datetime(2026, 10, 1, 12, 0, 0, 1, tzinfo=UTC)
    assert cast(pa.array([moment.replace(tzinfo=None)]), TIMESTAMP) == [moment]
    berlin = pa.array([moment]).cast(pa.timestamp("us", tz="Europe/Berlin"))
    assert cast(berlin, TIMESTAMP) == [moment]
    with pytest.raises(InexactValue):
        cast(pa.array([1], type=pa.timestamp("ns")), TIMESTAMP)


def test_days_and_times_outside_the_years_of_iso_8601_are_refused() -> None:
    assert cast(pa.array([date.min, date.max]), pa.date32()) == [date.min, date.max]
    for days in (-719_163, 2_932_897, 2**31 - 1, -(2**31)):
        with pytest.raises(InexactValue, match="years 1 to 9999"):
            cast(pa.array([days], type=pa.int32()).cast(pa.date32()), pa.date32())
    for moment in (2**63 - 1, -(2**63)):
        with pytest.raises(InexactValue, match="years 1 to 9999"):
            cast(pa.array([moment], type=pa.timestamp("us", tz="UTC")), TIMESTAMP)


def test_columns_are_taken_by_name_and_must_be_those_declared() -> None:
    columns = [Column("a", "A", pa.int64()), Column("b", "B", pa.string())]
    batch = pa.RecordBatch.from_pydict({"b": ["x"], "a": [1]})
    assert cast_exactly(batch, columns).to_pydict() == {"a": [1], "b": ["x"]}
    with pytest.raises(ValueError, match="expected the columns"):
        cast_exactly(batch.select(["a"]), columns)
    with pytest.raises(ValueError, match="expected the columns"):
        cast_exactly(batch, columns[:1])
