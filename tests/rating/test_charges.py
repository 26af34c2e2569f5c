"""Discount, bonus credit and tax, usage rounding, and what a document prints."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.kernel.money import round_money
from tollbook.rating.charge import charge
from tollbook.rating.ladder import PriceStage, ladder_of
from tollbook.rating.staged import volume_amount
from tollbook.rating.stepped import graduated_amount
from tollbook.rating.totals import printed_totals
from tollbook.rating.usage import RoundWay, UsageRounding, billed_quantity

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=12)
PERCENTS = st.decimals(min_value=0, max_value=100, places=12)


def test_b1_discount_then_bonus_then_tax() -> None:
    owed = charge(
        Decimal(100),
        discount_percent=Decimal(10),
        bonus_available=Decimal(20),
        tax_percent=Decimal(22),
    )
    assert owed.net == Decimal(90)
    assert owed.taxable == Decimal(70)
    assert owed.tax == Decimal("15.40")
    assert owed.due == Decimal("85.40")


def test_s15_a_discount_on_stepped_and_on_staged() -> None:
    stages = ladder_of(Decimal(1), [PriceStage(Decimal(10), Decimal(".5"))])
    quantity, ten = Decimal(12), Decimal(10)
    assert charge(graduated_amount(quantity, stages), discount_percent=ten).net == Decimal("9.90")
    assert charge(volume_amount(quantity, stages), discount_percent=ten).net == Decimal("5.40")


def test_bonus_credit_covers_no_more_than_is_owed_and_nothing_of_a_credit() -> None:
    assert charge(Decimal(5), bonus_available=Decimal(20)).due == 0
    assert charge(Decimal(-5), bonus_available=Decimal(20)).bonus == 0


@given(AMOUNTS, PERCENTS, st.decimals(min_value=0, max_value=99, places=2))
def test_net_and_discount_make_the_rated_amount_at_twelve_decimals(
    rated: Decimal, percent: Decimal, tax: Decimal
) -> None:
    owed = charge(rated, discount_percent=percent, tax_percent=tax)
    assert owed.net + owed.discount == round_money(rated)
    for stored in (owed.net, owed.discount, owed.tax):
        assert stored == round_money(stored)


@pytest.mark.parametrize(
    ("measured", "way", "billed"),
    [
        ("1", RoundWay.CEIL, "0.1"),
        ("100000", RoundWay.CEIL, "0.1"),
        ("100001", RoundWay.CEIL, "0.2"),
        ("199999", RoundWay.FLOOR, "0.1"),
        ("99999", RoundWay.FLOOR, "0"),
        ("0", RoundWay.CEIL, "0"),
        ("-1", RoundWay.FLOOR, "-0.1"),
        ("-1", RoundWay.CEIL, "0"),
    ],
)
def test_usage_is_rounded_to_a_multiple_once(measured: str, way: RoundWay, billed: str) -> None:
    rule = UsageRounding(Decimal("0.1"), way)
    quantity = billed_quantity(Decimal(measured), unit_size=Decimal(10**6), rounding=rule)
    assert quantity == Decimal(billed)


def test_usage_without_a_rule_keeps_twelve_decimals() -> None:
    assert billed_quantity(Decimal(1), unit_size=Decimal(3)) == Decimal("0.333333333333")
    assert billed_quantity(Decimal(2), unit_size=Decimal(3)) == Decimal("0.666666666667")
    assert billed_quantity(Decimal(5), unit_size=Decimal(10**9)) == Decimal("0.000000005")


def test_r1_thirty_small_rows_are_summed_before_they_are_rounded() -> None:
    rows = [(Decimal(".004"), Decimal(0))] * 30
    printed = printed_totals(rows)
    assert printed.untaxed == Decimal("0.12")
    assert sum(printed.lines) == Decimal("0.00")
    assert printed.rounding == Decimal("0.12")
    assert printed.unprinted == 0


def test_tax_is_taken_for_each_rate_from_what_is_not_rounded_yet() -> None:
    third = Decimal("0.335")
    printed = printed_totals([(third, Decimal(20)), (third, Decimal(20)), (third, Decimal(0))])
    assert printed.lines == (Decimal("0.34"), Decimal("0.34"), Decimal("0.34"))
    assert (printed.untaxed, printed.rounding) == (Decimal("1.01"), Decimal("-0.01"))
    assert (printed.tax, printed.total) == (Decimal("0.13"), Decimal("1.14"))
    assert printed.unprinted == Decimal("-0.005")


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from([Decimal(0), Decimal(20), Decimal("8.25")]))))
def test_lines_and_their_residual_always_make_the_total(
    lines: list[tuple[Decimal, Decimal]],
) -> None:
    printed = printed_totals(lines)
    assert sum(printed.lines) + printed.rounding == printed.untaxed
    assert abs(printed.unprinted) <= Decimal("0.005")
    assert sum(amount for amount, _ in lines) == printed.untaxed + printed.unprinted
