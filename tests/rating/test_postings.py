"""Month-to-date rules post differences; every published rule is in the table."""

from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.catalog.rules import CalcRuleType, RoundOperation
from tollbook.rating.ladder import PriceStage, ladder_of
from tollbook.rating.rules import AMOUNT_OF, MONTH_TO_DATE, CalcRule, Terms, posting
from tollbook.rating.usage import RoundWay

TEN = Terms(ladder_of(Decimal(10)))
ZUORA = Terms(ladder_of(Decimal(10), [PriceStage(Decimal(100), Decimal(9))]))


def test_d1_a_second_posting_is_the_difference() -> None:
    first = posting(CalcRule.OVERCOMMIT, TEN, used_before=Decimal(0), used=Decimal(5))
    second = posting(CalcRule.OVERCOMMIT, TEN, used_before=Decimal(5), used=Decimal(3))
    assert (first, second) == (Decimal(50), Decimal(30))


def test_d3_late_records_add_to_their_own_period() -> None:
    late = posting(CalcRule.OVERCOMMIT, TEN, used_before=Decimal(5), used=Decimal(2))
    second = posting(CalcRule.OVERCOMMIT, TEN, used_before=Decimal(7), used=Decimal(3))
    assert (late, second) == (Decimal(20), Decimal(30))


def test_d5_late_usage_that_reaches_a_cheaper_stage_reprices_the_whole_month() -> None:
    billed = posting(CalcRule.STAGED, ZUORA, used_before=Decimal(0), used=Decimal(90))
    late = posting(CalcRule.STAGED, ZUORA, used_before=Decimal(90), used=Decimal(20))
    assert (billed, late) == (Decimal(900), Decimal(90))


def test_a_posting_may_be_negative_under_staged() -> None:
    assert posting(CalcRule.STAGED, ZUORA, used_before=Decimal(99), used=Decimal(1)) == -90


def test_every_published_rule_has_a_way_of_pricing() -> None:
    assert set(AMOUNT_OF) == set(CalcRule)
    assert [rule.value for rule in CalcRule] == CalcRuleType.values
    assert [way.value for way in RoundWay] == RoundOperation.values


@pytest.mark.parametrize("rule", sorted(MONTH_TO_DATE))
@given(
    quantities=st.lists(st.decimals(min_value=0, max_value=500, places=9), min_size=1, max_size=31),
    committed=st.decimals(min_value=0, max_value=2000, places=2),
)
def test_a_months_postings_sum_to_the_cost_of_its_usage(
    rule: CalcRule, quantities: list[Decimal], committed: Decimal
) -> None:
    stages = ladder_of(Decimal("1.23"), [PriceStage(Decimal(700), Decimal(".987654321"))])
    terms = Terms(stages, committed)
    so_far = [Decimal(0), *accumulate(quantities)]
    posted = [
        posting(rule, terms, used_before=before, used=after - before)
        for before, after in pairwise(so_far)
    ]
    assert sum(posted) == AMOUNT_OF[rule](so_far[-1], terms)
