"""Commit, overcommit and hourly commit: worked cases from the field."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.kernel.periods import DateRange, month_of
from tollbook.rating.commit import commit_fee, first_commit_fee
from tollbook.rating.commit_hourly import commit_hourly_amount, committed_hours, hourly_excess
from tollbook.rating.ladder import PriceStage, ladder_of
from tollbook.rating.overcommit import overcommit_amount
from tollbook.rating.proration import days_owed, hours_owed, prorated

AUGUST = datetime(2026, 8, 1, tzinfo=UTC)
SEPTEMBER = month_of(datetime(2026, 9, 1, tzinfo=UTC).date())
PER_HOUR = ladder_of(Decimal(".318056"))


def test_c1_commit_of_twelve_servers() -> None:
    assert commit_fee(Decimal(12), Decimal("224.80198100")) == Decimal("2697.62377200")


@pytest.mark.parametrize(("servers", "amount"), [(1, "236.63366400"), (12, "2839.60396800")])
def test_c2_overcommit_by_the_hour(servers: int, amount: str) -> None:
    assert overcommit_amount(Decimal(servers * 744), PER_HOUR) == Decimal(amount)


def test_c4_a_plan_and_what_goes_above_it() -> None:
    above = overcommit_amount(Decimal(600), ladder_of(Decimal(".02")), committed=Decimal(500))
    assert commit_fee(Decimal(1), Decimal(100)) + above == Decimal(102)


def test_c5_a_plan_activated_on_15_september() -> None:
    activated_at = datetime(2026, 9, 15, 10, 30, tzinfo=UTC)
    fee = first_commit_fee(Decimal(1), Decimal(100), activated_at=activated_at, month=SEPTEMBER)
    assert fee == Decimal(50)


@pytest.mark.parametrize(
    ("activated_at", "counts", "days"),
    [
        (datetime(2026, 8, 31, 23, 59, tzinfo=UTC), False, 30),
        (datetime(2026, 9, 1, tzinfo=UTC), False, 29),
        (datetime(2026, 9, 1, tzinfo=UTC), True, 30),
        (datetime(2026, 9, 15, tzinfo=UTC), True, 16),
        (datetime(2026, 9, 30, tzinfo=UTC), False, 0),
        (datetime(2026, 9, 30, tzinfo=UTC), True, 1),
        (datetime(2026, 10, 1, tzinfo=UTC), True, 0),
    ],
)
def test_days_owed_of_the_month(activated_at: datetime, counts: bool, days: int) -> None:
    assert days_owed(activated_at, SEPTEMBER, counts_activation_day=counts) == days


@pytest.mark.parametrize(
    ("ended_at", "counts", "days"),
    [
        (datetime(2026, 9, 15, 14, tzinfo=UTC), False, 15),
        (datetime(2026, 9, 15, 14, tzinfo=UTC), True, 14),
        (datetime(2026, 9, 15, tzinfo=UTC), False, 14),
        (datetime(2026, 9, 15, tzinfo=UTC), True, 14),
        (datetime(2026, 9, 15, 0, 0, 0, 1, tzinfo=UTC), False, 15),
        (datetime(2026, 9, 1, tzinfo=UTC), False, 0),
        (datetime(2026, 8, 3, tzinfo=UTC), False, 0),
        (datetime(2026, 9, 30, 23, tzinfo=UTC), False, 30),
        (datetime(2026, 10, 1, tzinfo=UTC), False, 30),
        (datetime(2026, 10, 1, tzinfo=UTC), True, 30),
        (datetime(2027, 1, 7, 5, tzinfo=UTC), True, 30),
    ],
)
def test_days_owed_of_a_month_in_which_service_ends(
    ended_at: datetime, counts: bool, days: int
) -> None:
    began = datetime(2026, 5, 1, tzinfo=UTC)
    owed = days_owed(began, SEPTEMBER, ended_at=ended_at, counts_activation_day=counts)
    assert owed == days


def test_what_begins_and_ends_on_one_day_is_not_owed() -> None:
    began = datetime(2026, 9, 15, 9, tzinfo=UTC)
    for counts in (False, True):
        ended = began + timedelta(hours=3)
        assert days_owed(began, SEPTEMBER, ended_at=ended, counts_activation_day=counts) == 0


def test_a_commit_that_ends_on_15_september_costs_half_a_month() -> None:
    fee = first_commit_fee(
        Decimal(1),
        Decimal(100),
        activated_at=datetime(2026, 1, 1, tzinfo=UTC),
        ended_at=datetime(2026, 9, 15, 10, 30, tzinfo=UTC),
        month=SEPTEMBER,
    )
    assert fee == Decimal(50)


@given(
    st.integers(0, 92 * 24 * 60).map(lambda minutes: AUGUST + timedelta(minutes=minutes)),
    st.booleans(),
)
def test_where_one_commit_follows_another_no_day_is_owed_twice(
    change: datetime, counts: bool
) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    before = days_owed(began, SEPTEMBER, ended_at=change, counts_activation_day=counts)
    after = days_owed(change, SEPTEMBER, counts_activation_day=counts)
    at_midnight = change == datetime(change.year, change.month, change.day, tzinfo=UTC)
    free = at_midnight and change.month == 9 and not counts
    assert before + after == SEPTEMBER.days - (1 if free else 0)


@pytest.mark.parametrize(
    ("began", "ended", "hours"),
    [
        ("2026-09-01T00:00", None, 24),
        ("2026-09-15T10:00", None, 14),
        ("2026-09-15T10:30", None, 13),
        ("2026-09-01T00:00", "2026-09-15T14:00", 14),
        ("2026-09-01T00:00", "2026-09-15T14:30", 15),
        ("2026-09-15T10:30", "2026-09-15T10:45", 0),
        ("2026-09-16T00:00", None, 0),
        ("2026-09-01T00:00", "2026-09-15T00:00", 0),
        ("2026-09-01T00:00", "2026-09-16T00:00", 24),
        ("2026-09-01T00:00", "2026-09-02T00:00", 0),
    ],
)
def test_hours_owed_of_a_day(began: str, ended: str | None, hours: int) -> None:
    end = None if ended is None else datetime.fromisoformat(f"{ended}+00:00")
    owed = hours_owed(datetime.fromisoformat(f"{began}+00:00"), date(2026, 9, 15), ended_at=end)
    assert owed == hours


@given(
    st.integers(44 * 24 * 60, 47 * 24 * 60).map(lambda minutes: AUGUST + timedelta(minutes=minutes))
)
def test_where_one_hourly_commit_follows_another_every_hour_is_owed_once(change: datetime) -> None:
    began, day = datetime(2026, 1, 1, tzinfo=UTC), date(2026, 9, 15)
    assert hours_owed(began, day, ended_at=change) + hours_owed(change, day) == 24


def test_usage_below_the_commit_costs_nothing_more() -> None:
    assert overcommit_amount(Decimal(499), PER_HOUR, committed=Decimal(500)) == 0


def test_a_ladder_of_overcommit_starts_at_no_excess() -> None:
    stages = ladder_of(Decimal(2), [PriceStage(Decimal(5), Decimal(1))])
    assert overcommit_amount(Decimal(113), stages, committed=Decimal(100)) == Decimal(18)


def test_an_hourly_commit_is_owed_in_every_hour_and_quiet_hours_do_not_pay_for_busy_ones() -> None:
    owed = committed_hours(Decimal(4), 24)
    assert commit_hourly_amount(owed, Decimal("0.5")) == Decimal(48)
    hours = [Decimal(0)] * 22 + [Decimal("6.5"), Decimal(5)]
    assert hourly_excess(hours, Decimal(4)) == Decimal("3.5")


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=12),
    st.integers(1, 31),
    st.integers(28, 31),
)
def test_proration_is_the_exact_share_at_the_twelfth_decimal(
    amount: Decimal, days: int, month: int
) -> None:
    share = Fraction(days, month)
    assert abs(Fraction(prorated(amount, share)) - Fraction(amount) * share) <= Fraction(
        1, 2 * 10**12
    )


def test_proration_rounds_half_away_from_zero() -> None:
    smallest = Decimal("0.000000000001")
    assert prorated(smallest, Fraction(1, 2)) == smallest
    assert prorated(-smallest, Fraction(1, 2)) == -smallest
    assert prorated(smallest, Fraction(49, 100)) == 0


def test_days_of_a_month_are_its_own() -> None:
    february = month_of(datetime(2028, 2, 3, tzinfo=UTC).date())
    assert february == DateRange(february.start, february.end)
    assert days_owed(datetime(2027, 1, 1, tzinfo=UTC), february) == 29


@given(st.datetimes(min_value=datetime(2026, 9, 1), max_value=datetime(2026, 9, 30)))  # noqa: DTZ001
def test_what_ends_and_begins_anew_in_a_month_owes_the_whole_fee_once(switch: datetime) -> None:
    """The parts of a month before and after a switch add up to it, to the last trillionth."""
    at, before = switch.replace(tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    old = first_commit_fee(
        Decimal(1), Decimal(100), activated_at=before, month=SEPTEMBER, ended_at=at
    )
    new = first_commit_fee(Decimal(1), Decimal(100), activated_at=at, month=SEPTEMBER)
    owed = days_owed(before, SEPTEMBER, ended_at=at) + days_owed(at, SEPTEMBER)
    if switch.time() == time.min:
        owed, new = owed + 1, new + prorated(Decimal(100), Fraction(1, 30))
    assert owed == SEPTEMBER.days
    assert abs(old + new - 100) <= Decimal("0.000000000002")
