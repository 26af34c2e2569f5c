"""The SQL of ``ReportDiff`` on drawn pairs of results, beside a plain loop over their rows."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.engine.duck import DuckEngine
from tollbook.rating.exact import exact
from tollbook.reports.comparison import Comparison
from tollbook.reports.templates.diff_columns import diff_columns
from tollbook.reports.templates.diff_sql import comparing_sql, counting_sql, part_condition
from tollbook.results.columns import MONEY, TIMESTAMP, Column, arrow_schema
from tollbook.results.exact_cast import cast_exactly

COLUMNS = (
    Column("date", "Date", pa.date32()),
    Column("name", "Name", pa.string()),
    Column("moment", "Moment", TIMESTAMP),
    Column("currency", "Currency", pa.string()),
    Column("usage", "Usage", MONEY),
    Column("money", "Cost", MONEY),
    Column("note", "Note", pa.string()),
)
COMPARISON = Comparison(
    identity=("date", "name", "currency", "moment"),
    counts_where={"moment": "name = 'b'"},
    amounts=("money",),
    currency="currency",
    quantities=("usage",),
)
DAYS = [date(2026, 10, day) for day in (1, 2, 3)]
MOMENTS = [datetime(2026, 10, 1, hour, tzinfo=UTC) for hour in (0, 7)]
SEVEN = "TIMESTAMPTZ '2026-10-01T07:00:00+00:00'"
AMOUNTS = st.decimals(
    min_value=Decimal(-(10**25)), max_value=Decimal(10**25), places=12, allow_nan=False
)
ROWS = st.fixed_dictionaries(
    {
        "date": st.sampled_from([None, *DAYS]),
        "name": st.sampled_from([None, "", "a", "b", 'it\'s; "x"']),
        "moment": st.sampled_from([None, *MOMENTS]),
        "currency": st.sampled_from(["EUR", "USD"]),
        "usage": st.none() | AMOUNTS,
        "money": st.none() | AMOUNTS,
        "note": st.none() | st.sampled_from(["", "x", "é"]),
    }
)
RESULTS = st.lists(ROWS, max_size=8)
Row = dict[str, Any]


def compared(before: list[Row], after: list[Row], condition: str = "true") -> list[Row]:
    """What the SQL tells."""
    sources = {
        side: pa.Table.from_pylist(rows, schema=arrow_schema(COLUMNS))
        for side, rows in (("before", before), ("after", after))
    }
    columns = diff_columns(COMPARISON, COLUMNS)
    sql = comparing_sql(COMPARISON, COLUMNS, condition)
    with DuckEngine(threads=1).running_query(sql, sources=sources) as reader:
        return [row for batch in reader for row in cast_exactly(batch, columns).to_pylist()]


def key_of(row: Row) -> tuple[Any, ...]:
    moment = row["moment"] if row["name"] == "b" else None
    return row["date"], row["name"], row["currency"], moment


@exact
def totals(rows: list[Row], key: str) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["currency"]] += row[key] or 0
    return {currency: total for currency, total in sums.items() if total}


@exact
def less(after: Mapping[str, Decimal], before: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    both = {c: after.get(c, Decimal(0)) - before.get(c, Decimal(0)) for c in {*after, *before}}
    return {currency: total for currency, total in both.items() if total}


@given(RESULTS, RESULTS)
def test_differences_are_the_totals_after_less_those_before(
    before: list[Row], after: list[Row]
) -> None:
    found = compared(before, after)
    for key in ("money", "usage"):
        differences = totals(found, f"{key}_difference")
        assert differences == less(totals(after, key), totals(before, key))


@given(RESULTS, RESULTS)
def test_what_rows_become_follows_from_their_keys(before: list[Row], after: list[Row]) -> None:
    old, new = {key_of(row): row for row in before}, {key_of(row): row for row in after}
    changes = {
        **dict.fromkeys(new.keys() - old.keys(), "added"),
        **dict.fromkeys(old.keys() - new.keys(), "removed"),
        **{key: "changed" for key in new.keys() & old.keys() if old[key] != new[key]},
    }
    found = compared(list(old.values()), list(new.values()))
    assert {key_of(row): row["change"] for row in found} == changes
    assert len(found) == len(changes)
    for row in found:
        then, now = old.get(key_of(row)), new.get(key_of(row))
        differing = [
            column.key for column in COLUMNS if then and now and then[column.key] != now[column.key]
        ]
        assert (row["changed_columns"] or "") == ", ".join(differing)
        assert row["money_before"] == (then and then["money"])
        assert row["money_after"] == (now and now["money"])
        assert row["note"] == (now or then or {})["note"]


@given(RESULTS)
def test_a_result_does_not_differ_from_itself_in_any_order(rows: list[Row]) -> None:
    assert compared(rows, rows[::-1]) == []


@pytest.mark.long
@given(RESULTS, RESULTS)
def test_parts_together_are_the_whole_in_the_same_order(
    before: list[Row], after: list[Row]
) -> None:
    parts = [(None, None), *((day, day) for day in DAYS)]
    conditions = [part_condition(COMPARISON, *part) for part in parts]
    found = [row for each in conditions for row in compared(before, after, each)]
    assert found == compared(before[::-1], after[::-1])


def test_both_results_are_counted_by_what_orders_them() -> None:
    rows = pa.table({"date": pa.array([None, DAYS[1], DAYS[0]], pa.date32())})
    sources = {"before": rows, "after": rows.slice(1)}
    with DuckEngine().running_query(counting_sql(COMPARISON, "true"), sources=sources) as reader:
        assert reader.read_all().to_pylist() == [
            {"edge": None, "rows": 1},
            {"edge": DAYS[0], "rows": 2},
            {"edge": DAYS[1], "rows": 2},
        ]


@pytest.mark.parametrize(
    ("edge", "condition"),
    [
        (None, '"date" IS NULL'),
        (7, '"date" BETWEEN 7 AND 7'),
        (DAYS[0], "\"date\" BETWEEN DATE '2026-10-01' AND DATE '2026-10-01'"),
        (MOMENTS[1], f'"date" BETWEEN {SEVEN} AND {SEVEN}'),
    ],
)
def test_a_part_is_named_by_its_edges(edge: Any, condition: str) -> None:
    assert part_condition(COMPARISON, edge, edge) == condition


def test_texts_are_no_edges() -> None:
    with pytest.raises(TypeError):
        part_condition(COMPARISON, "a", "b")


def test_values_that_have_no_columns_of_their_own_are_told_as_they_were() -> None:
    row = {"date": DAYS[0], "name": "a", "moment": MOMENTS[0], "currency": "EUR", "usage": None}
    before = {**row, "money": Decimal(1), "note": "x; y"}
    after = {**row, "moment": None, "money": Decimal("0.000000000001"), "note": None}
    (told,) = compared([before], [after])
    assert told["changed_columns"] == "moment, money, note"
    assert told["values_before"] == "moment: 2026-10-01 00:00:00+00; note: x; y"
    assert told["money_difference"] == Decimal("-0.999999999999")
    assert told["usage_difference"] is None
