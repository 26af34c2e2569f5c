"""Trials: usage within the range and below the limit is free, whichever ends first."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tollbook.rating.trials import TrialLimit, TrialUse, free_amounts, free_spans

FIRST = datetime(2026, 10, 1, tzinfo=UTC)


def moment(days: float) -> datetime:
    """So many days after the first of October."""
    return FIRST + timedelta(days=days)


def use(day: int, amount: str, feature_id: int = 1) -> TrialUse:
    """Usage of a day of October."""
    return TrialUse(feature_id, date(2026, 10, day), Decimal(amount))


def test_a_trial_of_fourteen_days_ends_with_them() -> None:
    assert free_spans([(FIRST, None)], 14) == ((FIRST, moment(14)),)


def test_a_range_that_ends_before_the_days_do_ends_the_free_time() -> None:
    assert free_spans([(FIRST, moment(3))], 14) == ((FIRST, moment(3)),)


def test_a_paused_trial_goes_on_for_what_is_left_of_its_days() -> None:
    spans = [(moment(10), None), (FIRST, moment(5))]
    assert free_spans(spans, 7) == ((FIRST, moment(5)), (moment(10), moment(12)))


def test_ranges_that_overlap_count_once() -> None:
    spans = [(FIRST, moment(4)), (moment(2), moment(6))]
    assert free_spans(spans, 30) == ((FIRST, moment(6)),)


def test_a_trial_without_days_makes_nothing_free() -> None:
    assert free_spans([(FIRST, None)], 0) == ()


def test_a_limit_that_cannot_be_reached_in_the_calendar_leaves_the_end_open() -> None:
    assert free_spans([(FIRST, None)], 2**31 - 1) == ((FIRST, None),)


def test_usage_below_the_limit_is_free_and_what_goes_beyond_is_charged() -> None:
    limits = {1: TrialLimit(Decimal(10), ends_trial=False)}
    uses = [use(1, "6"), use(2, "6"), use(3, "1")]
    assert free_amounts(uses, limits) == [6, 4, 0]


def test_a_feature_without_a_limit_is_free_as_long_as_the_trial_runs() -> None:
    assert free_amounts([use(1, "1000"), use(30, "1000")], {}) == [1000, 1000]


def test_a_limit_that_ends_the_trial_ends_it_for_other_features_with_its_day() -> None:
    limits = {1: TrialLimit(Decimal(10), ends_trial=True)}
    uses = [use(1, "3", 2), use(2, "10"), use(2, "3", 2), use(3, "3", 2)]
    assert free_amounts(uses, limits) == [3, 10, 3, 0]


def test_a_limit_that_only_caps_leaves_other_features_free() -> None:
    limits = {1: TrialLimit(Decimal(10), ends_trial=False)}
    assert free_amounts([use(2, "11"), use(3, "3", 2)], limits) == [10, 3]


def test_a_limit_used_up_before_the_month_leaves_nothing_free() -> None:
    limits = {1: TrialLimit(Decimal(0), ends_trial=True)}
    assert free_amounts([use(1, "1"), use(1, "1", 2)], limits) == [0, 0]


SPANS = st.lists(
    st.tuples(st.integers(0, 400), st.none() | st.integers(1, 200)).map(
        lambda hours: (
            FIRST + timedelta(hours=hours[0]),
            None if hours[1] is None else FIRST + timedelta(hours=hours[0] + hours[1]),
        )
    ),
    max_size=4,
)
USES = st.lists(
    st.builds(
        use,
        st.integers(1, 31),
        st.decimals(min_value=0, max_value=50, places=3).map(str),
        st.sampled_from((1, 2)),
    ),
    max_size=12,
)
LIMITS = st.dictionaries(
    st.sampled_from((1, 2)),
    st.builds(TrialLimit, st.decimals(min_value=0, max_value=80, places=3), st.booleans()),
)


@given(SPANS, st.integers(0, 60))
def test_free_spans_lie_within_the_ranges_apart_and_no_longer_than_the_days(
    spans: list[tuple[datetime, datetime | None]], days: int
) -> None:
    free = free_spans(spans, days)
    total = timedelta()
    before = None
    for start, end in free:
        assert end is not None
        assert before is None or start > before
        assert any(one <= start and (other is None or start < other) for one, other in spans)
        total, before = total + (end - start), end
    assert total <= timedelta(days=days)


@given(USES, LIMITS)
def test_no_more_is_free_than_was_used_and_than_the_limit_leaves(
    uses: list[TrialUse], limits: dict[int, TrialLimit]
) -> None:
    free = free_amounts(uses, limits)
    assert all(0 <= part <= used.amount for part, used in zip(free, uses, strict=True))
    for feature_id, limit in limits.items():
        parts = [p for p, used in zip(free, uses, strict=True) if used.feature_id == feature_id]
        assert sum(parts) <= limit.left


@given(st.permutations(range(6)), LIMITS)
def test_days_may_come_in_any_order(order: list[int], limits: dict[int, TrialLimit]) -> None:
    uses = [use(day + 1, f"{9 * day}.5", 1 + day % 2) for day in range(6)]
    free = free_amounts(uses, limits)
    assert free_amounts([uses[number] for number in order], limits) == [free[n] for n in order]
