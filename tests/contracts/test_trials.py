"""What a trial comes to as time goes by, every moment given."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.contracts.rules import (
    LARGEST_LIMIT,
    Span,
    TrialState,
    is_skipped,
    remaining_days,
    remaining_value,
    time_used,
    trial_state,
)

START = datetime(2026, 10, 5, 8, 30, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
FIRST: Span = (START, START + 4 * DAY)
SECOND: Span = (START + 10 * DAY, None)
OVERLAPPING: Span = (START + 3 * DAY, START + 5 * DAY)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (START - 30 * DAY, 14),
        (START, 14),
        (START + INSTANT, 13),
        (START + DAY, 13),
        (START + DAY + INSTANT, 12),
        (START + 13 * DAY, 1),
        (START + 13 * DAY + INSTANT, 0),
        (START + 14 * DAY, 0),
        (START + 500 * DAY, 0),
    ],
)
def test_a_trial_of_fourteen_days_loses_a_whole_day_as_soon_as_a_part_of_it_is_gone(
    now: datetime, left: int
) -> None:
    assert remaining_days(14, [(START, None)], now) == left


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (START + 4 * DAY, 3),
        (START + 9 * DAY, 3),
        (START + 10 * DAY, 3),
        (START + 11 * DAY, 2),
        (START + 13 * DAY, 0),
        (START + 99 * DAY, 0),
    ],
)
def test_days_between_two_ranges_do_not_count(now: datetime, left: int) -> None:
    assert remaining_days(7, [SECOND, FIRST], now) == left


def test_days_in_two_ranges_at_once_count_once() -> None:
    assert time_used([FIRST, OVERLAPPING, FIRST], START + 50 * DAY) == 5 * DAY
    assert time_used([(START, START + 9 * DAY), OVERLAPPING], START + 50 * DAY) == 9 * DAY


def test_a_trial_that_was_not_started_has_all_its_days_even_the_most_there_can_be() -> None:
    assert remaining_days(LARGEST_LIMIT, [], START) == LARGEST_LIMIT
    assert remaining_days(LARGEST_LIMIT, [(START, None)], START + DAY) == LARGEST_LIMIT - 1
    assert remaining_days(0, [], START) == 0


def test_a_range_that_is_still_to_come_takes_nothing() -> None:
    assert remaining_days(14, [SECOND], START) == 14
    assert time_used([(START, START)], START + DAY) == timedelta()


@pytest.mark.parametrize(
    ("value", "used", "left"), [(10, 0, 10), (10, 4, 6), (10, 10, 0), (10, 11, 0), (0, 5, 0)]
)
def test_what_is_left_of_an_option_is_never_negative(value: int, used: int, left: int) -> None:
    assert remaining_value(value, used) == left


def test_a_trial_is_skipped_until_it_begins_after_all() -> None:
    assert is_skipped(True, [], START)
    assert is_skipped(True, [FIRST], START - INSTANT)
    assert not is_skipped(True, [FIRST], START)
    assert not is_skipped(True, [FIRST], START + 99 * DAY)
    assert not is_skipped(False, [], START)


def state(
    now: datetime,
    *spans: Span,
    days: int = 7,
    limits: tuple[int, ...] = (5,),
    skipped: bool = False,
) -> TrialState:
    return trial_state(marked_skipped=skipped, days_limit=days, limits=limits, spans=spans, now=now)


def test_a_trial_runs_from_its_first_moment_to_the_last_before_its_days_are_over() -> None:
    open_range: Span = (START, None)
    assert state(START - INSTANT, open_range) is TrialState.NOT_STARTED
    assert state(START, open_range) is TrialState.RUNNING
    assert state(START + 7 * DAY - INSTANT, open_range) is TrialState.RUNNING
    assert state(START + 7 * DAY, open_range) is TrialState.DAYS_OVER
    assert state(START + 7 * DAY, open_range, days=8) is TrialState.RUNNING
    assert state(START, open_range, days=0) is TrialState.DAYS_OVER


def test_a_trial_ends_with_its_first_limit_whatever_days_are_left() -> None:
    assert state(START + DAY, SECOND, FIRST, limits=(5, 0, 9)) is TrialState.LIMIT_REACHED
    assert state(START + DAY, FIRST, limits=(1, 1)) is TrialState.RUNNING
    assert state(START + DAY, FIRST, limits=()) is TrialState.RUNNING


def test_a_trial_rests_between_its_ranges_and_goes_on() -> None:
    spans = (FIRST, SECOND)
    assert state(START + 4 * DAY - INSTANT, *spans) is TrialState.RUNNING
    assert state(START + 4 * DAY, *spans) is TrialState.RESTING
    assert state(START + 10 * DAY - INSTANT, *spans) is TrialState.RESTING
    assert state(START + 10 * DAY, *spans) is TrialState.RUNNING
    assert state(START + 13 * DAY, *spans) is TrialState.DAYS_OVER


def test_a_skipped_trial_is_skipped_and_nothing_else() -> None:
    assert state(START, skipped=True) is TrialState.SKIPPED
    assert state(START, skipped=True, limits=(0,), days=0) is TrialState.SKIPPED
    assert state(START, FIRST, skipped=True) is TrialState.RUNNING
    assert state(START) is TrialState.NOT_STARTED


MOMENTS = st.integers(0, 400).map(lambda hours: START + timedelta(hours=hours))
SPANS = st.lists(
    st.tuples(MOMENTS, st.none() | st.integers(0, 200)).map(
        lambda drawn: (
            drawn[0],
            None if drawn[1] is None else drawn[0] + timedelta(hours=drawn[1]),
        )
    ),
    max_size=5,
)


@given(spans=SPANS, hours=st.integers(0, 800), days=st.integers(0, 30))
def test_days_left_are_those_of_an_hour_by_hour_count(
    spans: list[Span], hours: int, days: int
) -> None:
    now = START + timedelta(hours=hours)
    passed = (START + timedelta(hours=hour) for hour in range(hours))
    ran = sum(
        any(start <= hour and (end is None or hour < end) for start, end in spans)
        for hour in passed
    )

    assert time_used(spans, now) == timedelta(hours=ran)
    assert remaining_days(days, spans, now) == max(0, (days * 24 - ran) // 24)
    assert (state(now, *spans, days=days) is TrialState.RUNNING) <= (days * 24 > ran)
