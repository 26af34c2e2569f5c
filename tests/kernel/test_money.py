"""Money is exact to the twelfth decimal."""

from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.kernel.money import money_context, money_text, round_money

amounts = st.decimals(
    min_value=Decimal("-1e25"), max_value=Decimal("1e25"), places=12, allow_nan=False
)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234.5", "1234.500000000000"),
        ("-0.000000000001", "-0.000000000001"),
        ("-0", "0.000000000000"),
        ("0E-20", "0.000000000000"),
        ("1E+3", "1000.000000000000"),
        ("99999999999999999999999999.999999999999", "99999999999999999999999999.999999999999"),
    ],
)
def test_the_wire_form_has_twelve_decimals(amount: str, text: str) -> None:
    assert money_text(Decimal(amount)) == text


def test_a_thirteenth_decimal_is_refused_not_dropped() -> None:
    with pytest.raises(Inexact):
        money_text(Decimal("0.0000000000001"))


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.0000000000005", "0.000000000001"),
        ("-0.0000000000005", "-0.000000000001"),
        ("0.0000000000004999999", "0.000000000000"),
        ("2.5000000000005", "2.500000000001"),
        ("-123456789012345678.1234567890125", "-123456789012345678.123456789013"),
        ("99999999999999999999999999.999999999999", "99999999999999999999999999.999999999999"),
    ],
)
def test_money_rounds_half_up_away_from_zero(amount: str, rounded: str) -> None:
    assert format(round_money(Decimal(amount)), "f") == rounded


def test_more_than_26_integer_digits_overflow() -> None:
    with pytest.raises(OverflowError):
        round_money(Decimal("99999999999999999999999999.9999999999995"))


def test_arithmetic_that_loses_a_digit_is_an_error() -> None:
    with pytest.raises(Inexact):
        money_context().divide(Decimal(1), Decimal(3))


@given(amounts)
def test_text_and_back_is_the_same_amount(amount: Decimal) -> None:
    assert Decimal(money_text(amount)) == amount


@given(amounts, amounts)
def test_sums_are_exact(one: Decimal, other: Decimal) -> None:
    context = money_context()
    assert context.subtract(context.add(one, other), other) == one
