"""Which published calc rule is which way of pricing: the one table that says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from tollbook.kernel.money import ZERO
from tollbook.rating.commit import commit_fee
from tollbook.rating.commit_hourly import commit_hourly_amount
from tollbook.rating.conventions import USUAL, Conventions
from tollbook.rating.exact import exact
from tollbook.rating.ladder import PriceStage
from tollbook.rating.overcommit import overcommit_amount
from tollbook.rating.staged import volume_amount
from tollbook.rating.stepped import graduated_amount


class CalcRule(StrEnum):
    """The five calc rules by their published names."""

    COMMIT = "commit"
    OVERCOMMIT = "overcommit"
    STEPPED = "stepped"
    STAGED = "staged"
    COMMIT_HOURLY = "commit_hourly"


@dataclass(frozen=True)
class Terms:
    """What a contract says about one item: its price ladder and what is committed of it."""

    stages: tuple[PriceStage, ...]
    committed: Decimal = ZERO
    conventions: Conventions = USUAL


def _commit(quantity: Decimal, terms: Terms) -> Decimal:
    return commit_fee(quantity, terms.stages[0].price)


def _commit_hourly(quantity: Decimal, terms: Terms) -> Decimal:
    return commit_hourly_amount(quantity, terms.stages[0].price)


def _overcommit(quantity: Decimal, terms: Terms) -> Decimal:
    return overcommit_amount(quantity, terms.stages, committed=terms.committed)


def _stepped(quantity: Decimal, terms: Terms) -> Decimal:
    return graduated_amount(quantity, terms.stages)


def _staged(quantity: Decimal, terms: Terms) -> Decimal:
    in_new = terms.conventions.threshold_is_in_new_stage
    return volume_amount(quantity, terms.stages, threshold_is_in_new_stage=in_new)


AMOUNT_OF: Final[Mapping[CalcRule, Callable[[Decimal, Terms], Decimal]]] = {
    CalcRule.COMMIT: _commit,
    CalcRule.OVERCOMMIT: _overcommit,
    CalcRule.STEPPED: _stepped,
    CalcRule.STAGED: _staged,
    CalcRule.COMMIT_HOURLY: _commit_hourly,
}
"""``stepped`` is graduated, ``staged`` is volume: swap two lines and the whole house follows."""

MONTH_TO_DATE: Final = frozenset({CalcRule.OVERCOMMIT, CalcRule.STEPPED, CalcRule.STAGED})
"""Rules that price the usage of the month so far and post each day's difference."""


@exact
def posting(rule: CalcRule, terms: Terms, *, used_before: Decimal, used: Decimal) -> Decimal:
    """What ``used`` more adds to the cost to date; exact, negative where the cost falls."""
    amount = AMOUNT_OF[rule]
    before = amount(used_before, terms) if used_before else ZERO
    return amount(used_before + used, terms) - before
