"""How the values of parameters are read."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tollbook.api.kinds import (
    read_boolean,
    read_date,
    read_decimal,
    read_integer,
    read_long,
    read_moment,
    read_text,
)

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
MOMENTS = {
    "2026-10-01T12:00:00Z": NOON,
    "2026-10-01t12:00:00z": NOON,
    "2026-10-01 12:00:00Z": NOON,
    "2026-10-01T12:00:00": NOON,
    "2026-10-01 12:00": NOON,
    "2026-10-01T12:00Z": NOON,
    "2026-10-01T14:30:00+02:30": NOON,
    "2026-10-01T14:30:00 02:30": NOON,
    "2026-10-01 09:30:00-02:30": NOON,
    "2026-10-01T12:00:00.1234567890Z": NOON.replace(microsecond=123456),
    "2026-10-01T12:00:00.5Z": NOON.replace(microsecond=500_000),
    "2026-10-01": datetime(2026, 10, 1, tzinfo=UTC),
    "0001-01-01T00:00:00+01:00": datetime(1, 1, 1, tzinfo=UTC),
    "9999-12-31T23:59:59-01:00": datetime.max.replace(tzinfo=UTC),
    "2016-12-31T23:59:60Z": datetime(2017, 1, 1, tzinfo=UTC),
    "2016-12-31 23:59:60.5": datetime(2017, 1, 1, microsecond=500_000, tzinfo=UTC),
    "2017-01-01T05:29:60+05:30": datetime(2017, 1, 1, tzinfo=UTC),
    "9999-12-31T23:59:60Z": datetime.max.replace(tzinfo=UTC),
}
NO_MOMENTS = (
    "", "now", "2026-10-01T", "2026-10-01T12", "2026-10-01T24:00:00Z", "2026-10-01T12:60:00Z",
    "2026-10-01T12:00:60Z", "2016-12-31T23:59:60+01:00", "2026-10-01T23:60", "2026-10-01T23:60:00",
    "2026-10-01T23:59:61Z", "2026-10-01T12:00:00+24:00", "2026-10-01T12:00:00+2:00",
    "2026-10-01T12:00:00 GMT",
    "2026-02-29", "20261001", "2026-1-1", "2026-W40-4", "\u0662026-10-01", "2026-10-01\n",
    "0000-01-01", "-2026-10-01", "1790000000",
)  # fmt: skip


@pytest.mark.parametrize("text", MOMENTS)
def test_moments_are_read(text: str) -> None:
    assert read_moment(text) == MOMENTS[text]


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(This is no|There is no)"):
        read_moment(text)


@pytest.mark.parametrize("digits", [10, 20, 400])
def test_a_number_too_great_is_told_the_range_rather_than_that_it_is_none(digits: int) -> None:
    with pytest.raises(ValueError, match="This is not between"):
        read_integer("9" * digits)
    with pytest.raises(ValueError, match="This is not between"):
        read_long("9" * max(digits, 20))


def test_days_amounts_and_truths_are_read() -> None:
    assert read_date("2028-02-29") == date(2028, 2, 29)
    assert read_decimal("-12345678901234567890123456.123456789012") == Decimal(
        "-12345678901234567890123456.123456789012"
    )
    assert read_boolean("TRUE") is True
    assert read_boolean("false") is False


@pytest.mark.parametrize("text", ["1e3", "NaN", "1,5", "", "1.", ".5", "1.0000000000001", "٣"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no decimal"):
        read_decimal(text)


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("-7", -7), ("7.0", 7), ("007", 7)])
def test_whole_numbers_are_read(text: str, number: int) -> None:
    assert read_integer(text) == number


@pytest.mark.parametrize(
    "text", ["", "+7", " 7", "7 ", "7.5", "1e3", "1_0", "٣", "2147483648", "9" * 5_000]
)
def test_what_is_no_whole_number_of_32_bits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="This is no"):
        read_integer(text)


def test_a_text_has_an_end() -> None:
    assert read_text("x" * 1_000)
    with pytest.raises(ValueError, match="longer"):
        read_text("x" * 1_001)
