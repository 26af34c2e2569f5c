"""Prints are kept for years: they never change, and tell every two records apart."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tollbook.usage.prints import Printer

_WORD = 2**64
_SCHEMA = {
    "record_id": pl.String,
    "client_id": pl.Int32,
    "feature_id": pl.Int32,
    "region_id": pl.Int32,
    "addendum_id": pl.Int32,
    "resource_id": pl.String,
    "period_start": pl.Datetime("us", "UTC"),
    "period_end": pl.Datetime("us", "UTC"),
    "amount": pl.Decimal(38, 12),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
_ids = st.integers(1, 2**31 - 1)
_records = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128),
    _ids,
    _ids,
    _ids,
    st.none() | _ids,
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    _moments,
    _moments,
    st.decimals(0, Decimal(10) ** 18 - 1, places=12),
)


@given(st.lists(_records, min_size=1, max_size=5))
def test_prints_are_what_plain_python_makes_of_the_same_record(records: list[tuple]) -> None:
    frame = pl.DataFrame(records, schema=_SCHEMA, orient="row")
    with Printer() as printer:
        found = printer.prints_of(frame).rows()
    assert found == [(*_md5(record[0]), _content(record)) for record in records]


def _md5(text: str) -> tuple[int, int]:
    number = int.from_bytes(hashlib.md5(text.encode()).digest(), "little")  # noqa: S324
    return divmod(number, _WORD)


def _content(record: tuple) -> int:
    _, client, feature, region, addendum, resource, start, end, amount = record
    whole, of = amount.as_integer_ratio()
    exact = whole * 10**12 // of
    words = [client, feature, region, 0 if addendum is None else addendum + 1]
    words += [(moment - _EPOCH) // timedelta(microseconds=1) for moment in (start, end)]
    words += [exact % _WORD, exact // _WORD, 0 if resource is None else _md5(resource)[1]]
    mixed = 0x243F6A8885A308D3
    for word in words:
        multiplied = (mixed ^ word) * 0x9E3779B97F4A7C15 % _WORD
        mixed = multiplied ^ multiplied >> 32
    return mixed
