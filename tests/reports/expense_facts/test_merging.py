"""Merging of ordered streams, held to Python's own sort."""

from collections.abc import Iterator
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.reports.expense_facts import merging
from tollbook.reports.expense_facts.merging import merge_by_day_and_id

Key = tuple[int, int]
SCHEMA = pa.schema([("for_date", pa.date32()), ("id", pa.int64())])
KEYS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200)), unique=True, max_size=60)


def batches(keys: list[Key], size: int) -> Iterator[pa.RecordBatch]:
    for first in range(0, len(keys), size):
        part = keys[first : first + size]
        days = [date(2026, 10, 1) + timedelta(days=day) for day, _ in part]
        yield pa.RecordBatch.from_arrays(
            [pa.array(days, pa.date32()), pa.array([number for _, number in part], pa.int64())],
            schema=SCHEMA,
        )


@given(
    keys=KEYS,
    streams=st.integers(1, 4),
    size=st.integers(1, 9),
    few=st.integers(1, 9),
    data=st.data(),
)
def test_all_rows_come_once_and_in_order(
    keys: list[Key], streams: int, size: int, few: int, data: st.DataObject
) -> None:
    where = data.draw(st.lists(st.integers(0, streams - 1), min_size=len(keys), max_size=len(keys)))
    parts = [
        sorted(key for key, place in zip(keys, where, strict=True) if place == number)
        for number in range(streams)
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_ROWS", "_FEWEST", "_WORTH_SORTING"):
            patch.setattr(merging, name, few)
        merged = merge_by_day_and_id([batches(part, size) for part in parts])
        rows = [row for batch in merged for row in batch.to_pylist()]
    found = [((row["for_date"] - date(2026, 10, 1)).days, row["id"]) for row in rows]
    assert found == sorted(keys)


def test_of_each_stream_one_batch_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "_WORTH_SORTING", 1)
    taken = []

    def stream(number: int) -> Iterator[pa.RecordBatch]:
        for batch in batches([(day, number) for day in range(6)], 1):
            taken.append(number)
            yield batch

    merged = merge_by_day_and_id([stream(number) for number in range(3)])
    next(merged)
    assert len(taken) <= 6


def test_no_more_rows_are_put_in_order_at_once_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_ROWS", "_FEWEST", "_WORTH_SORTING"):
        monkeypatch.setattr(merging, name, 6)
    whole = [[(0, 3 * number + place) for number in range(50)] for place in range(3)]
    merged = list(merge_by_day_and_id([batches(part, 50) for part in whole]))
    assert sum(batch.num_rows for batch in merged) == 150
    assert max(batch.num_rows for batch in merged[:-1]) <= 3 * 6
