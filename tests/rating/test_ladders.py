"""Stepped and staged prices: worked cases from the field, then laws."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.rating.ladder import PriceStage, ladder_of
from tollbook.rating.staged import volume_amount
from tollbook.rating.stepped import graduated_amount

QUANTITIES = st.decimals(min_value=0, max_value=10**9, places=6)
PRICES = st.decimals(min_value=0, max_value=10**4, places=6)
LADDERS = st.builds(
    lambda price, above: ladder_of(price, [PriceStage(Decimal(at), p) for at, p in above.items()]),
    PRICES,
    st.dictionaries(st.integers(1, 10**6), PRICES, max_size=5),
)


def ladder(price: str, *stages: tuple[str, str]) -> tuple[PriceStage, ...]:
    """A ladder from texts."""
    return ladder_of(Decimal(price), [PriceStage(Decimal(at), Decimal(p)) for at, p in stages])


STRIPE = ladder("7", ("5", "6.5"), ("10", "6"))
ZUPLO = ladder(".10", ("1000", ".05"), ("10000", ".01"))
FOCUS = ladder("1", ("10", ".5"))


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [("1", "7"), ("5", "35"), ("6", "41.5"), ("20", "127.5"), ("25", "157.5")],
)
def test_s2_stripes_tiers_stepped(quantity: str, amount: str) -> None:
    assert graduated_amount(Decimal(quantity), STRIPE) == Decimal(amount)


def test_s5_kill_bill_stepped() -> None:
    assert graduated_amount(Decimal(13), ladder("2", ("5", "1"))) == Decimal(18)


def test_s7_lagos_rule_stepped() -> None:
    lago = ladder("1", ("100", "0.5"), ("200", "0.1"))
    assert graduated_amount(Decimal(250), lago) == Decimal(155)


def test_s10_zuplo_stepped_and_staged() -> None:
    assert graduated_amount(Decimal(15_000), ZUPLO) == Decimal(600)
    assert volume_amount(Decimal(15_000), ZUPLO) == Decimal(150)


def test_s11_autumn_stepped() -> None:
    autumn = ladder(".01", ("1000", ".008"), ("10000", ".005"))
    assert graduated_amount(Decimal(15_000), autumn) == Decimal(107)


def test_s16_a_threshold_belongs_to_the_new_stage_unless_set_otherwise() -> None:
    assert volume_amount(Decimal(10), FOCUS) == Decimal(5)
    opposite = volume_amount(Decimal(10), FOCUS, threshold_is_in_new_stage=False)
    assert opposite == Decimal(10)


def test_a_ladder_that_names_zero_leaves_the_base_price_out() -> None:
    assert ladder("9", ("0", "1"), ("10", ".5")) == FOCUS


def test_a_threshold_that_comes_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="thresholds must rise"):
        ladder("1", ("10", "2"), ("10", "3"))


@given(LADDERS, QUANTITIES)
def test_slices_cost_what_each_unit_costs_at_its_own_place(
    stages: tuple[PriceStage, ...], quantity: Decimal
) -> None:
    bounds = [*(stage.threshold for stage in stages[1:]), max(quantity, stages[-1].threshold)]
    by_hand = sum(
        (max(Decimal(0), min(quantity, end) - stage.threshold) * stage.price)
        for stage, end in zip(stages, bounds, strict=True)
    )
    assert graduated_amount(quantity, stages) == by_hand


@given(LADDERS, QUANTITIES, QUANTITIES)
def test_stepped_cost_never_falls_as_usage_grows(
    stages: tuple[PriceStage, ...], one: Decimal, other: Decimal
) -> None:
    less, more = sorted((one, other))
    assert graduated_amount(less, stages) <= graduated_amount(more, stages)


@given(PRICES, QUANTITIES)
def test_one_price_makes_stepped_and_staged_the_same(price: Decimal, quantity: Decimal) -> None:
    single = ladder_of(price)
    assert graduated_amount(quantity, single) == volume_amount(quantity, single) == quantity * price


@given(LADDERS)
def test_zero_usage_costs_nothing(stages: tuple[PriceStage, ...]) -> None:
    assert graduated_amount(Decimal(0), stages) == volume_amount(Decimal(0), stages) == 0


def test_amounts_keep_every_digit_in_whatever_context_the_caller_is_in() -> None:
    quantity, price = Decimal("12345678901234.123456789012"), Decimal("98765.432109876543")
    amount = graduated_amount(quantity, ladder_of(price))
    assert Fraction(amount) == Fraction(quantity) * Fraction(price)


@given(LADDERS, QUANTITIES)
def test_at_an_edge_the_last_unit_of_one_slice_meets_the_first_of_the_next(
    stages: tuple[PriceStage, ...], beyond: Decimal
) -> None:
    """Graduated cost has no jump at a threshold: it is the sum of all slices below it."""
    below = Decimal(0)
    for lower, upper in pairwise(stages):
        below += (upper.threshold - lower.threshold) * lower.price
        assert graduated_amount(upper.threshold, stages) == below
        more = min(beyond, Decimal(1))
        assert graduated_amount(upper.threshold + more, stages[: stages.index(upper) + 1]) == (
            below + more * upper.price
        )


@given(LADDERS, QUANTITIES, QUANTITIES)
def test_slices_add_up_wherever_usage_is_cut(
    stages: tuple[PriceStage, ...], one: Decimal, other: Decimal
) -> None:
    """What the second part adds is what is priced from the first one's end on."""
    shifted = tuple(
        PriceStage(max(Decimal(0), stage.threshold - one), stage.price)
        for stage, end in zip(stages, [*stages[1:], None], strict=True)
        if end is None or end.threshold > one
    )
    whole = graduated_amount(one + other, stages)
    assert whole == graduated_amount(one, stages) + graduated_amount(other, shifted)


@given(PRICES, QUANTITIES)
def test_a_volume_never_costs_more_than_its_highest_stage(price: Decimal, q: Decimal) -> None:
    stages = ladder_of(price, [PriceStage(Decimal(10), price / 2)])
    assert volume_amount(q, stages) <= q * price
