"""Cron text: which moments it names, by the clocks of a zone, and what is none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.schedules.cron import BadCron, Cron

FIELD = st.sampled_from(["*", "*/7", "0", "5", "1-3", "2,4"])
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def following(cron: Cron, start: str, count: int) -> list[str]:
    found, last = [], moment(start)
    for _ in range(count):
        later = cron.next_after(last)
        assert later is not None
        found.append(f"{later:%Y-%m-%dT%H:%M}")
        last = later
    return found


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("0 6 1 * *", "2026-11-28T12:00", ["2026-12-01T06:00", "2027-01-01T06:00"]),
        ("0 6 1 * *", "2026-12-01T05:59", ["2026-12-01T06:00"]),
        ("0 6 1 * *", "2026-12-01T06:00", ["2027-01-01T06:00"]),
        ("*/15 * * * *", "2026-11-28T23:50", ["2026-11-29T00:00", "2026-11-29T00:15"]),
        ("5-10/2 0 * * *", "2026-11-28T00:00", ["2026-11-28T00:05", "2026-11-28T00:07"]),
        ("10/20 0 * * *", "2026-11-28T00:00", ["2026-11-28T00:10", "2026-11-28T00:30"]),
        ("0 0 31 * *", "2026-01-31T00:00", ["2026-03-31T00:00", "2026-05-31T00:00"]),
        ("0 0 L * *", "2026-01-31T00:00", ["2026-02-28T00:00", "2026-03-31T00:00"]),
        ("0 0 l 2 *", "2027-03-01T00:00", ["2028-02-29T00:00", "2029-02-28T00:00"]),
        ("0 0 15,L * *", "2026-11-01T00:00", ["2026-11-15T00:00", "2026-11-30T00:00"]),
        ("0 0 29 2 *", "2026-11-28T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 9 * * mon-fri", "2026-11-27T10:00", ["2026-11-30T09:00", "2026-12-01T09:00"]),
        ("0 9 * * 0", "2026-11-27T10:00", ["2026-11-29T09:00"]),
        ("0 9 * * 7", "2026-11-27T10:00", ["2026-11-29T09:00"]),
        ("0 9 * * SUN", "2026-11-27T10:00", ["2026-11-29T09:00"]),
        ("0 0 1 jan,JUL *", "2026-11-27T10:00", ["2027-01-01T00:00", "2027-07-01T00:00"]),
        ("0 0 13 * 5", "2026-11-01T00:00", ["2026-11-06T00:00", "2026-11-13T00:00"]),
        ("0 0 */10 * 5", "2026-12-01T01:00", ["2026-12-11T00:00", "2027-01-01T00:00"]),
    ],
)
def test_the_moments_of_a_text(text: str, start: str, expected: list[str]) -> None:
    assert following(Cron.of(text), start, len(expected)) == expected


@pytest.mark.parametrize(
    ("zone", "text", "start", "expected"),
    [
        # Oslo goes from 02:00 to 03:00 on 29 March and from 03:00 back to 02:00 on 25 October.
        ("Europe/Oslo", "30 2 * * *", "2026-03-28T12:00", ["2026-03-29T01:30", "2026-03-30T00:30"]),
        ("Europe/Oslo", "30 2-3 * * *", "2026-03-29T00:00", ["2026-03-29T01:30", "2026-03-30T00:30"]),  # noqa: E501
        ("Europe/Oslo", "30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        (
            "Europe/Oslo",
            "0 * * * *",
            "2026-10-24T23:00",
            ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"],
        ),
        ("Europe/Oslo", "0 * * * *", "2026-03-29T00:00", ["2026-03-29T01:00", "2026-03-29T02:00"]),
        ("Europe/Oslo", "0 6 1 * *", "2026-06-15T00:00", ["2026-07-01T04:00", "2026-08-01T04:00"]),
        ("Asia/Kathmandu", "0 0 * * *", "2026-11-27T20:00", ["2026-11-28T18:15"]),
        ("Pacific/Kiritimati", "0 0 1 * *", "2026-11-28T00:00", ["2026-11-30T10:00"]),
    ],
)  # fmt: skip
def test_the_moments_by_the_clocks_of_a_zone(
    zone: str, text: str, start: str, expected: list[str]
) -> None:
    assert following(Cron.of(text, zone), start, len(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@monthly",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * 0 *",
        "* * * * 8",
        "-1 * * * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "1,,2 * * * *",
        "a * * * *",
        "* * * foo *",
        "1.5 * * * *",
        "\u0661 * * * *",
        "L * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
        "* " * 200,
    ],
)
def test_what_names_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadCron):
        Cron.of(text)


@pytest.mark.parametrize("zone", ["", "Oslo", "europe/oslo", "../etc/passwd", "UTC+1", "\0"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(BadCron):
        Cron.of("* * * * *", zone)


@given(
    st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD),
    st.sampled_from(ZONES),
    st.integers(0, 2 * 365 * 24 * 60 * 60).map(lambda past: START + timedelta(seconds=past)),
)
def test_the_next_moment_is_later_and_is_the_last_until_itself(
    fields: tuple[str, ...], zone: str, start: datetime
) -> None:
    try:
        cron = Cron.of(" ".join(fields), zone)
    except BadCron:
        return
    later = cron.next_after(start)
    assert later is not None
    assert later > start
    assert later.second == later.microsecond == 0
    assert cron.last_until(later) == later
    assert cron.next_after(later - timedelta(microseconds=1)) == later
    earlier = cron.last_until(later - timedelta(microseconds=1))
    assert earlier is None or earlier <= start
