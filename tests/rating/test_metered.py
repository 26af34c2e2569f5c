"""Usage records to postings, record by record: whose usage it is, and laws of rating."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.kernel.money import round_money
from tollbook.rating.commit import Committed
from tollbook.rating.ladder import PriceStage, ladder_of
from tollbook.rating.metered import (
    Contracts,
    DiscountSpan,
    FreeRange,
    MeteredLine,
    RatedDay,
    UsageRecord,
    line_for,
    rate_records,
)
from tollbook.rating.rules import AMOUNT_OF, CalcRule, Terms
from tollbook.rating.trials import TrialLimit
from tollbook.rating.usage import RoundWay, UsageRounding

FIRST = datetime(2026, 10, 1, tzinfo=UTC)
LADDER = ladder_of(Decimal(10), [PriceStage(Decimal(100), Decimal(9))])
LINE = MeteredLine(
    line_id=1,
    addendum_id=11,
    client_id=1,
    plan_item_id=1,
    feature_id=101,
    rule=CalcRule.OVERCOMMIT,
    terms=Terms(LADDER),
    active_from=FIRST - timedelta(days=40),
)


def used(amount: str, hours: float = 0, **other: Any) -> UsageRecord:
    """A record of one hour, ``hours`` after the month's start."""
    start = FIRST + timedelta(hours=hours)
    record = UsageRecord(
        record_id=f"{amount} at {hours}",
        client_id=1,
        feature_id=101,
        region_id=1,
        period_start=start,
        period_end=start + timedelta(hours=1),
        amount=Decimal(amount),
    )
    return replace(record, **other)


def amounts(rows: list[RatedDay]) -> list[Decimal]:
    """What was rated."""
    return [row.rated for row in rows]


def test_usage_goes_to_the_line_that_is_active_when_its_period_starts() -> None:
    ended = replace(LINE, line_id=2, active_to=FIRST + timedelta(hours=5))
    begun = replace(LINE, line_id=3, active_from=FIRST + timedelta(hours=5))
    assert line_for(used("1", 4.5), [begun, ended]) == ended
    assert line_for(used("1", 5), [ended, begun]) == begun
    assert line_for(used("1", 4), [begun]) is None


def test_a_line_that_names_the_region_goes_before_one_that_takes_any() -> None:
    here = replace(LINE, line_id=2, region_ids=frozenset({1}))
    assert line_for(used("1"), [LINE, here]) == here
    assert line_for(used("1", region_id=2), [LINE, here]) == LINE


def test_of_several_addendums_the_lowest_takes_usage_unless_the_record_names_one() -> None:
    other = replace(LINE, line_id=2, addendum_id=12, region_ids=frozenset({1}))
    assert line_for(used("1"), [other, LINE]) == LINE
    assert line_for(used("1", addendum_id=12), [other, LINE]) == other
    assert line_for(used("1", addendum_id=13), [other, LINE]) is None


def test_usage_under_an_hourly_commit_must_lie_within_one_hour() -> None:
    hourly = replace(LINE, hourly_commit=Decimal(4))
    assert line_for(used("1", 0.5), [hourly]) is None
    short = used("1", 0.5, period_end=FIRST + timedelta(hours=1))
    assert line_for(short, [hourly]) == hourly


def test_a_quiet_hour_does_not_pay_for_a_busy_one() -> None:
    hourly = replace(LINE, hourly_commit=Decimal(4), terms=Terms(ladder_of(Decimal(2))))
    rows = rate_records([used("6.5", 1), used("1", 2), used("5", 3)], Contracts([hourly]))
    assert [(row.usage, row.rated) for row in rows] == [(Decimal("3.5"), Decimal(7))]


def test_what_is_committed_in_a_region_frees_usage_there_only() -> None:
    line = replace(LINE, terms=Terms(LADDER, Decimal(1)), region_commits={2: Committed(Decimal(5))})
    rows = rate_records(
        [used("7"), used("7", region_id=2), used("7", region_id=3)], Contracts([line])
    )
    assert [(row.region_id, row.rated) for row in rows] == [(1, 60), (2, 20), (3, 60)]


def test_usage_need_not_lie_within_an_hour_where_the_hourly_commit_does_not_hold() -> None:
    line = replace(LINE, region_commits={2: Committed(hourly=Decimal(4))})
    assert line_for(used("1", 0.5), [line]) == line
    assert line_for(used("1", 0.5, region_id=2), [line]) is None
    rows = rate_records([used("6", 0.5), used("6", 1, region_id=2)], Contracts([line]))
    assert amounts(rows) == [Decimal(60), Decimal(20)]


def test_usage_of_a_day_is_rounded_once_and_what_comes_to_nothing_is_not_posted() -> None:
    rule = UsageRounding(Decimal(1), RoundWay.FLOOR)
    line = replace(LINE, unit_size=Decimal(60), rounding=rule)
    rows = rate_records([used("59", 1), used("59", 2), used("59", 25)], Contracts([line]))
    assert [(row.for_date.day, row.usage) for row in rows] == [(1, Decimal(1))]


def test_usage_under_a_new_commit_goes_on_from_what_the_month_has_used() -> None:
    """A commit of 10 is raised to 20 on the second day: 5 of its 15 units are beyond 20."""
    first = replace(LINE, terms=Terms(LADDER, Decimal(10)), active_to=FIRST + timedelta(days=1))
    second = replace(
        LINE, line_id=2, terms=Terms(LADDER, Decimal(20)), active_from=FIRST + timedelta(days=1)
    )
    rows = rate_records([used("10"), used("15", 30)], Contracts([first, second]))
    assert amounts(rows) == [Decimal(0), Decimal(50)]


def test_the_discount_that_holds_when_service_starts_is_taken_of_several_the_lowest() -> None:
    discounts = [
        DiscountSpan(11, 2, Decimal(50)),
        DiscountSpan(11, 1, Decimal(10), active_to=FIRST + timedelta(days=1)),
    ]
    rows = rate_records([used("1"), used("1", 30)], Contracts([LINE], discounts))
    assert [(row.discount_id, row.money_value) for row in rows] == [(1, 9), (2, 5)]


def test_what_a_trial_makes_free_is_not_counted_towards_a_stage_either() -> None:
    limit = TrialLimit(Decimal(60), ends_trial=True)
    free = FreeRange(7, 1, 101, FIRST, None, limit)
    line = replace(LINE, rule=CalcRule.STAGED)
    rows = rate_records([used("100"), used("59", 30)], Contracts([line], free_ranges=[free]))
    assert [(row.usage, row.rated) for row in rows] == [(40, 400), (59, 590)]


RULES = sorted((CalcRule.OVERCOMMIT, CalcRule.STEPPED, CalcRule.STAGED))
USED = st.lists(
    st.tuples(st.integers(0, 31 * 24 - 1), st.decimals(min_value=0, max_value=60, places=6)),
    max_size=20,
)


def records_of(found: list[tuple[int, Decimal]]) -> list[UsageRecord]:
    """Records at hours of the month."""
    return [used(f"{amount:f}", hours) for hours, amount in found]


@pytest.mark.parametrize("rule", RULES)
@given(found=USED, order=st.permutations(range(20)))
def test_the_order_of_records_does_not_matter_and_twice_is_once(
    rule: CalcRule, found: list[tuple[int, Decimal]], order: list[int]
) -> None:
    contracts = Contracts([replace(LINE, rule=rule)], taxes={1: Decimal("19.99")})
    records = records_of(found)
    mixed = [records[number] for number in order if number < len(records)]
    once = rate_records(records, contracts)
    assert rate_records(mixed, contracts) == once == rate_records(records, contracts)


@pytest.mark.parametrize("rule", RULES)
@given(found=USED, committed=st.decimals(min_value=0, max_value=300, places=2))
def test_rating_day_by_day_sums_to_rating_at_once(
    rule: CalcRule, found: list[tuple[int, Decimal]], committed: Decimal
) -> None:
    line = replace(LINE, rule=rule, terms=Terms(LADDER, committed))
    rows = rate_records(records_of(found), Contracts([line]))
    total = sum((amount for _, amount in found), Decimal(0))
    assert sum(amounts(rows)) == round_money(AMOUNT_OF[rule](total, line.terms))


@pytest.mark.parametrize("rule", RULES)
@given(found=USED, day=st.integers(2, 31))
def test_what_is_used_later_changes_nothing_that_was_posted_before(
    rule: CalcRule, found: list[tuple[int, Decimal]], day: int
) -> None:
    contracts = Contracts([replace(LINE, rule=rule)])
    last = date(2026, 10, day)
    records = records_of(found)
    until = [record for record in records if record.period_start.date() < last]
    rows = rate_records(records, contracts)
    assert rate_records(until, contracts) == [row for row in rows if row.for_date < last]
