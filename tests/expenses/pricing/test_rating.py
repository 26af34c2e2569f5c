"""Worked months in SQL, what it refuses, and what it leaves unrated."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from tests.expenses.pricing.books import (
    FIRST,
    MONTH,
    contract_tables,
    drawn_books,
    joined,
    line_row,
    stage_row,
    usage_row,
    usage_table,
)
from tests.expenses.pricing.hard_cases import FEE_BOOK
from tollbook.engine.duck import DuckEngine
from tollbook.expenses.pricing import tables
from tollbook.expenses.pricing.rating import rate_fees, rate_usage, unrated_usage
from tollbook.expenses.pricing.reference import contracts_of, records_of
from tollbook.expenses.pricing.statements import RULE_TEXTS, fees_statement, usage_statement
from tollbook.expenses.pricing.tables import RATED_SCHEMA, ContractTables, UnratedReason
from tollbook.kernel.errors import InvalidInput
from tollbook.kernel.money import money_context
from tollbook.kernel.periods import DateRange
from tollbook.rating.commit import first_commit_fee
from tollbook.rating.conventions import Conventions
from tollbook.rating.metered import MeteredLine, line_for
from tollbook.rating.rules import AMOUNT_OF, CalcRule

ENGINE = DuckEngine()
ONE_LINE = contract_tables([line_row()], [stage_row(1, "2")])


def rows_of(batches: Iterable[pa.RecordBatch]) -> list[dict[str, Any]]:
    """All rows."""
    return list(chain.from_iterable(batch.to_pylist() for batch in batches))


def amounts(usage: list[dict[str, Any]], contracts: ContractTables) -> list[str]:
    """What is rated, in order."""
    rows = rows_of(rate_usage(ENGINE, usage_table(usage), contracts, MONTH))
    return [f"{row['rated'].normalize():f}" for row in rows]


def test_a_month_without_usage_is_rated_to_nothing() -> None:
    assert amounts([], ONE_LINE) == []


def test_s16_usage_that_meets_a_threshold_is_at_the_new_price() -> None:
    line = line_row(rule="staged")
    contracts = contract_tables([line], [stage_row(1, "1"), stage_row(1, ".5", "10")])
    assert amounts([usage_row("a", "10", FIRST)], contracts) == ["5"]


def test_s16_with_the_setting_a_threshold_belongs_to_the_old_stage() -> None:
    contracts = contract_tables(
        [line_row(rule="staged")], [stage_row(1, "1"), stage_row(1, ".5", "10")]
    )
    opposite = replace(contracts, conventions=Conventions(threshold_is_in_new_stage=False))
    usage = [
        usage_row("a", "10", FIRST),
        usage_row("b", "0.000000000001", FIRST + timedelta(days=1)),
        usage_row("c", "2", FIRST + timedelta(days=2)),
    ]
    assert amounts(usage, opposite) == ["10", "-5", "1"]
    (line,) = contracts_of(opposite).lines
    assert volume_of(line, "10") == Decimal(10)
    assert volume_of(contracts_of(contracts).lines[0], "10") == Decimal(5)


def volume_of(line: MeteredLine, quantity: str) -> Decimal:
    """What the reference asks for a quantity of a line."""
    return AMOUNT_OF[line.rule](Decimal(quantity), line.terms)


def test_d1_a_second_day_posts_the_difference() -> None:
    usage = [usage_row("a", "5", FIRST), usage_row("b", "3", FIRST + timedelta(days=1))]
    assert amounts(usage, contract_tables([line_row()], [stage_row(1, "10")])) == ["50", "30"]


def test_d5_a_month_that_reaches_a_cheaper_stage_posts_less_than_nothing() -> None:
    stages = [stage_row(1, "10"), stage_row(1, "9", "100")]
    usage = [usage_row("a", "99", FIRST), usage_row("b", "1", FIRST + timedelta(days=1))]
    assert amounts(usage, contract_tables([line_row(rule="staged")], stages)) == ["990", "-90"]


def test_s2_stripes_tiers_day_by_day() -> None:
    stages = [stage_row(1, "7"), stage_row(1, "6.5", "5"), stage_row(1, "6", "10")]
    usage = [usage_row(f"r{day}", "4", FIRST + timedelta(days=day)) for day in range(5)]
    found = amounts(usage, contract_tables([line_row(rule="stepped")], stages))
    assert found == ["28", "26.5", "25", "24", "24"]
    assert sum(map(Decimal, found)) == Decimal("127.5")


def test_every_rule_has_a_text_that_reads_it_or_its_fees() -> None:
    assert set(RULE_TEXTS) == set(CalcRule)
    steps = {step.name: step.sql for step in (*usage_statement().steps, *fees_statement().steps)}
    for rule, name in RULE_TEXTS.items():
        assert f"rule = '{rule.value}'" in steps[name]


def test_amounts_are_decimals_in_every_table() -> None:
    schemas = [*tables.CONTRACT_SCHEMAS.values(), RATED_SCHEMA, tables.UNRATED_SCHEMA]
    assert not [f.name for schema in schemas for f in schema if pa.types.is_floating(f.type)]


@pytest.mark.parametrize("days", [1, 12, 30])
def test_the_first_days_of_a_month_are_rated_as_in_the_whole_month(days: int) -> None:
    book = joined(drawn_books(15))
    part = DateRange(MONTH.start, MONTH.start + timedelta(days=days))
    whole = rows_of(rate_usage(ENGINE, book.usage, book.contracts, MONTH))
    # a trial or a meter of a later day never reaches back
    expected = [row for row in whole if row["for_date"] < part.end]
    assert rows_of(rate_usage(ENGINE, book.usage, book.contracts, part)) == expected


def test_a_month_is_rated_from_its_first_day_only() -> None:
    days = DateRange(date(2026, 10, 2), date(2026, 11, 1))
    with pytest.raises(ValueError, match="first day"):
        list(rate_usage(ENGINE, usage_table([]), ONE_LINE, days))


def test_every_run_gives_the_same_bytes_from_memory_and_from_files(tmp_path: Any) -> None:
    book = joined(drawn_books(30))
    shuffled = book.usage.take(list(reversed(range(book.usage.num_rows))))
    pq.write_table(shuffled, tmp_path / "it's.parquet")
    files = pads.dataset(tmp_path, schema=book.usage.schema, format="parquet")
    first, second = (
        pa.Table.from_batches(rate_usage(ENGINE, source, book.contracts, MONTH), RATED_SCHEMA)
        for source in (book.usage, files)
    )
    assert first.equals(second)
    assert first.num_rows > 0


def test_every_record_is_either_rated_or_said_to_be_unrated_with_a_reason() -> None:
    book = joined(drawn_books(60))
    lines = contracts_of(book.contracts).lines
    unrated = rows_of(unrated_usage(ENGINE, book.usage, book.contracts, MONTH))
    left = [r for r in records_of(book.usage.to_batches()) if line_for(r, lines) is None]
    assert sum(row["records"] for row in unrated) == len(left)
    with localcontext(money_context()):
        assert sum(row["amount"] for row in unrated) == sum(record.amount for record in left)
    assert {row["reason"] for row in unrated} <= set(UnratedReason)


def test_usage_that_no_line_takes_is_told_by_its_reason() -> None:
    contracts = contract_tables(
        [line_row(hourly_commit=Decimal(1)), line_row(2, feature_id=102)],
        [stage_row(1, "1"), stage_row(2, "1")],
        line_regions=[{"line_id": 2, "region_id": 1}],
        trials=[
            {
                "trial_id": 3,
                "client_id": 1,
                "feature_id": 103,
                "free_from": FIRST,
                "free_to": None,
                "limit": None,
                "ends_trial": False,
            }
        ],
    )
    long = FIRST + timedelta(hours=2)
    usage = [
        usage_row("long", "1", FIRST, period_end=long),
        usage_row("other region", "2", FIRST, feature_id=102, region_id=2),
        usage_row("other addendum", "4", FIRST, feature_id=102, addendum_id=12),
        usage_row("on trial", "8", FIRST, feature_id=103),
        usage_row("fine", "16", FIRST),
    ]
    found = rows_of(unrated_usage(ENGINE, usage_table(usage), contracts, MONTH))
    assert {(row["reason"], int(row["amount"])) for row in found} == {
        (UnratedReason.LONGER_THAN_HOUR, 1),
        (UnratedReason.NO_CONTRACT, 2),
        (UnratedReason.NOT_IN_ADDENDUM, 4),
        (UnratedReason.IN_TRIAL, 8),
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"unit_size": Decimal(0)}, "unit_size"),
        ({"unit_size": Decimal(-60)}, "unit_size"),
        ({"unit_size": Decimal(10) ** 18}, "unit_size"),
        ({"unit_size": Decimal("0.00000001"), **dict.fromkeys(["round_way"], "ceil"),
          "round_multiple": Decimal("0.00000001")}, "unit_size"),
        ({"round_multiple": Decimal(0), "round_way": "ceil"}, "round_multiple"),
        ({"round_multiple": Decimal(1)}, "round_multiple"),
        ({"round_multiple": Decimal(1), "round_way": "up"}, "round_way"),
        ({"committed": Decimal(-1)}, "committed"),
        ({"rule": "overcommit", "line_id": 9}, "price"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_rated_is_named(given: dict[str, Any], field: str) -> None:
    line = line_row(7) | given
    with pytest.raises(InvalidInput) as refused:
        amounts([], contract_tables([line], [stage_row(7, "1")]))
    assert refused.value.field == f"lines[{line['line_id']}].{field}"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"committed": Decimal(-1)}, "committed"),
        ({"hourly_commit": Decimal(10) ** 17}, "hourly_commit"),
    ],
)
def test_a_commit_of_one_region_that_cannot_be_rated_is_named(
    given: dict[str, Any], field: str
) -> None:
    there = {"line_id": 7, "region_id": 2, "committed": Decimal(0), "hourly_commit": None} | given
    contracts = contract_tables([line_row(7)], [stage_row(7, "1")], region_commits=[there])
    with pytest.raises(InvalidInput) as refused:
        amounts([], contracts)
    assert refused.value.field == f"lines[7].{field}"


def test_a_commit_of_one_region_frees_nothing_in_the_next() -> None:
    there = {"line_id": 1, "region_id": 2, "committed": Decimal(5), "hourly_commit": None}
    contracts = contract_tables([line_row()], [stage_row(1, "10")], region_commits=[there])
    usage = [usage_row("a", "7", FIRST), usage_row("b", "7", FIRST, region_id=2)]
    assert amounts(usage, contracts) == ["70", "20"]


@pytest.mark.parametrize(
    "stages",
    [
        [stage_row(1, "1", "5")],
        [stage_row(1, "1"), stage_row(1, "2")],
        [stage_row(1, "-1")],
        [stage_row(1, "100000000000000000")],
    ],
)
def test_a_ladder_that_cannot_be_rated_is_refused(stages: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidInput, match="line 1, "):
        amounts([], contract_tables([line_row()], stages))


@pytest.mark.parametrize("amount", ["-1", "1000000000000000000"])
def test_a_record_that_cannot_be_rated_is_named(amount: str) -> None:
    usage = [usage_row("fine", "1", FIRST), usage_row("odd one", amount, FIRST)]
    with pytest.raises(InvalidInput, match="record 'odd one' cannot be rated"):
        amounts(usage, ONE_LINE)


@pytest.mark.parametrize(
    ("price", "unit_size", "amount"),
    [
        ("10", "1", "900000000000"),
        ("0", "1", "900000000000000000"),
        ("0", "0.00000001", "9000000000"),
        ("90000000000000000", "1", "100"),
    ],
)
def test_an_amount_beyond_the_range_is_an_error_and_never_a_wrong_number(
    price: str, unit_size: str, amount: str
) -> None:
    line = line_row(4, unit_size=Decimal(unit_size))
    with pytest.raises(InvalidInput, match="line 4 in region 1 on 2026-10-02"):
        amounts(
            [usage_row("a", amount, FIRST + timedelta(days=1))],
            contract_tables([line], [stage_row(4, price)]),
        )


@pytest.mark.parametrize(
    ("price", "unit_size", "amount", "rated"),
    [
        ("0.000000000001", "1", "800000000000000000.999999999999", "800000.000000000001"),
        ("1.000000000001", "1", "8899999999999.5", "8900000000008.3999999999995"),
        ("80000000000", "1", "112.000000000001", "8960000000000.08"),
        ("3", "99999999999999999", "99999999999999998", "2.99999999999999997"),
    ],
)  # fmt: skip
def test_amounts_near_the_end_of_the_range_keep_every_digit(
    price: str, unit_size: str, amount: str, rated: str
) -> None:
    line = line_row(unit_size=Decimal(unit_size))
    found = amounts([usage_row("a", amount, FIRST)], contract_tables([line], [stage_row(1, price)]))
    near = Decimal(rated).quantize(Decimal("1e-12"), rounding="ROUND_HALF_UP")
    assert [Decimal(amount) for amount in found] == [near]


def test_trials_that_overlap_are_refused() -> None:
    trial = {
        "trial_id": 3,
        "client_id": 1,
        "feature_id": 101,
        "free_from": FIRST,
        "free_to": None,
        "limit": None,
        "ends_trial": False,
    }
    contracts = contract_tables(
        [line_row()], [stage_row(1, "1")], trials=[trial, trial | {"trial_id": 4}]
    )
    with pytest.raises(InvalidInput, match="trials 3 and 4 of client 1 overlap"):
        amounts([], contracts)


def test_fees_are_those_of_the_reference() -> None:
    rows = rows_of(rate_fees(ENGINE, FEE_BOOK, MONTH))
    monthly = {row["line_id"]: row for row in rows if row["line_id"] < 4}
    assert monthly[1]["rated"] == Decimal("2697.62377200")
    assert monthly[2]["rated"] == first_commit_fee(
        Decimal(1), Decimal(100), activated_at=FIRST + timedelta(days=10), month=MONTH
    )
    assert monthly[3]["rated"] == Decimal("0.827956989246")  # 11 of 31 days of 2.333333333331
    assert monthly[2]["for_date"] == date(2026, 10, 11)
    assert monthly[2]["discount_id"] == 1
    assert monthly[2]["money_value"] + monthly[2]["discount_value"] == monthly[2]["rated"]
    assert monthly[3]["period_end"] == datetime(2026, 10, 11, 5, tzinfo=UTC)


def test_with_the_setting_the_day_of_activation_is_owed() -> None:
    line = line_row(rule="commit", committed=Decimal(3), active_from=FIRST + timedelta(days=21))
    book = contract_tables([line], [stage_row(1, "31")])
    owed = replace(book, conventions=Conventions(counts_activation_day=True))
    for contracts, days in ((book, 9), (owed, 10)):
        (fee,) = rows_of(rate_fees(ENGINE, contracts, MONTH))
        assert fee["rated"] == 3 * days


def test_an_hourly_commit_is_owed_for_each_day_by_its_hours() -> None:
    rows = [row for row in rows_of(rate_fees(ENGINE, FEE_BOOK, MONTH)) if row["line_id"] == 4]
    assert [row["for_date"].day for row in rows] == list(range(2, 32))
    assert rows[0]["usage"] == Decimal("2.5") * 17  # the hour in which it began is free
    assert rows[1]["rated"] == Decimal("2.5") * 24 * Decimal("2.318056")
    assert {row["region_id"] for row in rows} == {9}


def test_contracts_of_another_shape_are_refused_by_the_table() -> None:
    with pytest.raises(ValueError, match="taxes must have the schema"):
        ContractTables(
            lines=tables.LINES_SCHEMA.empty_table(),
            line_regions=tables.LINE_REGIONS_SCHEMA.empty_table(),
            region_commits=tables.REGION_COMMITS_SCHEMA.empty_table(),
            stages=tables.STAGES_SCHEMA.empty_table(),
            discounts=tables.DISCOUNTS_SCHEMA.empty_table(),
            taxes=tables.DISCOUNTS_SCHEMA.empty_table(),
            trials=tables.TRIALS_SCHEMA.empty_table(),
            fee_region_id=1,
        )
