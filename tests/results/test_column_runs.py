"""Columns whose combinations are written once: found where they are, and the text is the same."""

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.reports.renderers.json_text import JsonRows
from tollbook.reports.renderers.xlsx.cells import SharedStrings, SheetRows
from tollbook.reports.renderers.xlsx.styles import Styles
from tollbook.results import column_runs
from tollbook.results.column_runs import combinations, runs_of
from tollbook.results.columns import MONEY, TIMESTAMP, Column
from tollbook.results.csv_lines import CsvRows
from tollbook.results.row_text import RowTexts

COLUMNS = (
    Column("id", "Id", pa.int64()),
    Column("client_id", "Client", pa.int32()),
    Column("client", "Name", pa.string()),
    Column("day", "Day", pa.date32()),
    Column("moment", "Moment", TIMESTAMP),
    Column("deleted", "Deleted", pa.bool_()),
    Column("cost", "Cost", MONEY),
)
CLIENTS = [(1, '=1+"1"'), (2, "Åse, <&>"), (2**31 - 1, None), (None, ""), (-5, "'=quoted")]
DAYS = [
    (date(2026, 10, 1), datetime(2026, 10, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (date(1, 1, 1), datetime(2026, 10, 1, tzinfo=UTC)),
    (None, None),
]
PICKS = st.lists(
    st.tuples(
        st.sampled_from(CLIENTS), st.sampled_from(DAYS), st.sampled_from([True, False, None])
    ),
    min_size=1,
    max_size=12,
)


def batch_of(picks: list[Any], rows: int) -> pa.RecordBatch:
    """``rows`` rows that go through the picks over and over, each with an id of its own."""
    table = [
        (number, *client, *days, deleted, None)
        for number in range(rows)
        for client, days, deleted in [picks[number % len(picks)]]
    ]
    arrays = [
        pa.array(values, column.type)
        for column, values in zip(COLUMNS, zip(*table, strict=True), strict=True)
    ]
    arrays[2] = arrays[2].dictionary_encode()
    return pa.RecordBatch.from_arrays(arrays, names=[column.key for column in COLUMNS])


@given(PICKS)
def test_the_combinations_give_back_every_row(picks: list[Any]) -> None:
    batch = batch_of(picks, 500)
    met = combinations(batch, range(1, 6))
    assert met is not None
    assert len(met.distinct) == len({(client[0], *rest) for client, *rest in picks})
    for name in met.distinct.schema.names:
        assert met.distinct[name].take(met.places).to_pylist() == batch[name].to_pylist()


def test_columns_that_repeat_together_are_found() -> None:
    picks = [(client, DAYS[0], False) for client in CLIENTS]
    assert runs_of(batch_of(picks, 2_000)) == (range(1, 6),)
    assert runs_of(batch_of(picks, 200)) == ()


def test_columns_of_too_many_combinations_are_cut_where_they_become_too_many() -> None:
    numbers = pa.array(range(4_096))
    by_column = {
        "a": pa.array([n % 64 for n in range(4_096)]),
        "a2": pa.array([n % 64 * 3 for n in range(4_096)]),
        "b": pa.array([n // 64 for n in range(4_096)]),
        "b2": pa.array([str(n // 64) for n in range(4_096)]).dictionary_encode(),
        "n": numbers,
        "text": numbers.cast(pa.string()),
    }
    batch = pa.RecordBatch.from_pydict(by_column)
    assert runs_of(batch) == (range(2), range(2, 4))
    assert combinations(batch, range(4)) is None
    assert combinations(batch, range(3, 6)) is None


@pytest.mark.parametrize("factor", [0, 1])
def test_combinations_that_cannot_be_told_apart_by_their_mark_are_not_taken_for_one(
    monkeypatch: pytest.MonkeyPatch, factor: int
) -> None:
    monkeypatch.setattr(column_runs, "_FACTOR", factor)
    columns = {"a": pa.array([1, 2] * 500), "b": pa.array([2, 1] * 500)}
    met = combinations(pa.RecordBatch.from_pydict(columns), range(2))
    assert met is None or met.distinct.num_rows == 2


@pytest.mark.parametrize("style", ["csv", "json", "xlsx"])
@given(picks=PICKS)
def test_the_text_is_the_same_column_by_column(style: str, picks: list[Any]) -> None:
    batch = batch_of(picks, 1_100)
    together, apart = RowTexts(COLUMNS, _style(style)), RowTexts(COLUMNS, _style(style))
    apart._runs = ()
    texts = [[job().to_pybytes() for job in each.jobs([batch])] for each in (together, apart)]
    assert together._runs
    assert texts[0] == texts[1]


def _style(name: str) -> Any:
    if name == "xlsx":
        return SheetRows(Styles(COLUMNS), SharedStrings())
    return CsvRows(guarded=True) if name == "csv" else JsonRows()
