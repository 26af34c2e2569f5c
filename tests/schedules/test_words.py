"""What words for days mean, on days where that is not plain."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.schedules.words import WORDS, UnknownWord, resolve, unknown_words

TABLE = [
    ("{today}", "2028-02-29", "2028-02-29"),
    ("{yesterday}", "2028-03-01", "2028-02-29"),
    ("{tomorrow}", "2026-12-31", "2027-01-01"),
    ("{today-1}", "2027-01-01", "2026-12-31"),
    ("{today-30}", "2026-03-01", "2026-01-30"),
    ("{this_week.start}", "2026-11-29", "2026-11-23"),
    ("{this_week.end}", "2026-11-29", "2026-11-30"),
    ("{this_week.start}", "2026-11-30", "2026-11-30"),
    ("{previous_week.start}", "2027-01-01", "2026-12-21"),
    ("{previous_week.end}", "2027-01-01", "2026-12-28"),
    ("{this_month.start}", "2026-11-30", "2026-11-01"),
    ("{this_month.end}", "2026-12-31", "2027-01-01"),
    ("{previous_month.start}", "2026-03-31", "2026-02-01"),
    ("{previous_month.end}", "2026-03-31", "2026-03-01"),
    ("{previous_month.start}", "2027-01-01", "2026-12-01"),
    ("{previous_month.end}", "2027-01-01", "2027-01-01"),
    ("{this_quarter.start}", "2026-06-30", "2026-04-01"),
    ("{this_quarter.end}", "2026-10-01", "2027-01-01"),
    ("{previous_quarter.start}", "2026-01-31", "2025-10-01"),
    ("{previous_quarter.end}", "2026-04-01", "2026-04-01"),
    ("{this_year.start}", "2026-12-31", "2026-01-01"),
    ("{this_year.end}", "2028-01-01", "2029-01-01"),
    ("{previous_year.start}", "2026-01-01", "2025-01-01"),
    ("{previous_year.end}", "2026-12-31", "2026-01-01"),
]


@pytest.mark.parametrize(("word", "today", "day"), TABLE)
def test_a_word_on_a_day(word: str, today: str, day: str) -> None:
    assert resolve({"date_from": word}, date.fromisoformat(today)) == {"date_from": day}


def test_every_word_is_in_the_table() -> None:
    assert set(WORDS) <= {word for word, _, _ in TABLE}


@given(st.dates(date(2000, 1, 1), date(2099, 1, 1)))
def test_periods_hold_their_day_and_follow_each_other(today: date) -> None:
    for period in ("week", "month", "quarter", "year"):
        start = WORDS[f"{{this_{period}.start}}"](today)
        assert start <= today < WORDS[f"{{this_{period}.end}}"](today)
        assert WORDS[f"{{previous_{period}.end}}"](today) == start
        assert WORDS[f"{{previous_{period}.start}}"](today) < start


def test_what_is_no_word_stays() -> None:
    given_values = {"client_id": 7, "group_by": "day", "odd": "a {today}", "flag": True}
    assert resolve(given_values, date(2026, 11, 28)) == given_values
    assert unknown_words(given_values) == {}


@pytest.mark.parametrize("word", ["{}", "{now}", "{today-0}", "{today+1}", "{last_month.start}"])
def test_braces_around_no_word_are_refused(word: str) -> None:
    assert list(unknown_words({"date_from": word, "date_to": "2026-01-01"})) == ["date_from"]
    with pytest.raises(UnknownWord):
        resolve({"date_from": word}, date(2026, 11, 28))
