"""Ranges of days are half-open and months are whole."""

from datetime import UTC, date, datetime

import pytest

from tollbook.kernel.periods import DateRange, day_start, month_of, months_of, next_month


def test_the_last_day_is_outside() -> None:
    october = DateRange(date(2026, 10, 1), date(2026, 11, 1))
    assert date(2026, 10, 31) in october
    assert date(2026, 11, 1) not in october
    assert october.days == 31
    assert len(list(october)) == 31


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="start < end"):
        DateRange(date(2026, 10, 1), date(2026, 10, 1))


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 12, 31), date(2027, 1, 1)),
        (date(2028, 2, 29), date(2028, 3, 1)),
        (date(2026, 1, 31), date(2026, 2, 1)),
    ],
)
def test_the_next_month_starts_on_its_first_day(day: date, following: date) -> None:
    assert next_month(day) == following
    assert month_of(day) == DateRange(day.replace(day=1), following)


def test_the_months_that_a_range_touches_come_whole_and_in_order() -> None:
    touched = months_of(DateRange(date(2026, 11, 30), date(2027, 1, 2)))
    assert [str(month) for month in touched] == [
        "2026-11-01/2026-12-01",
        "2026-12-01/2027-01-01",
        "2027-01-01/2027-02-01",
    ]


def test_a_day_starts_at_midnight_utc() -> None:
    assert day_start(date(2026, 10, 1)) == datetime(2026, 10, 1, tzinfo=UTC)
