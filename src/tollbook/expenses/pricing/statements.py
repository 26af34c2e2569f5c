"""The SQL of rating, put together from its texts: one for each calc rule, and shared steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from tollbook.engine.engine import Step
from tollbook.rating.rules import MONTH_TO_DATE, CalcRule

_SLOTS: Final = ("slots", "placed")
_HOURS: Final = (*_SLOTS, "taken", "tried", "trial_ends", "free", "hours")
_METERED: Final = (*_HOURS, "measured_days", "divided", "billed", "metered")
_SHARED: Final = frozenset({"slots", "placed", "taken", "tried", "metered"})
"""Steps that more than one reads."""

RULE_TEXTS: Final[Mapping[CalcRule, str]] = {rule: rule.value for rule in CalcRule}
"""The text of each calc rule: what it prices, in slices of one price each."""


@dataclass(frozen=True)
class Statement:
    """A query and the steps that it reads."""

    steps: tuple[Step, ...]
    sql: str


def usage_statement() -> Statement:
    """Records and contracts to postings of the month-to-date rules."""
    return _posted(_METERED, sorted(MONTH_TO_DATE), "usage_served")


def fees_statement() -> Statement:
    """Fees and their prices to postings."""
    return _posted((), sorted(set(CalcRule) - MONTH_TO_DATE), "fees_served")


def hourly_used_statement() -> Statement:
    """Records to what of hourly commits they use up."""
    return Statement(_steps(_HOURS), _text("hourly_used"))


def unrated_statement() -> Statement:
    """Records that no line takes."""
    return Statement(_steps(_SLOTS), _text("unrated"))


def measured_statement() -> Statement:
    """Where and when clients used something at all."""
    return Statement((), _text("measured_places"))


def strange_record_statement() -> Statement:
    """The first record that cannot be rated, if any."""
    return Statement((), _text("strange"))


def _posted(before: Iterable[str], rules: Iterable[CalcRule], served: str) -> Statement:
    texts = [RULE_TEXTS[rule] for rule in rules]
    slices = Step("slices", "\nUNION ALL\n".join(f"TABLE {name}" for name in texts))
    steps = (*_steps(before), *_steps(texts), slices, *_steps(["priced"]))
    return Statement((*steps, Step("served", _text(served))), _text("posted"))


def _steps(names: Iterable[str]) -> tuple[Step, ...]:
    return tuple(Step(name, _text(name), is_shared=name in _SHARED) for name in names)


@cache
def _text(name: str) -> str:
    return files("tollbook.expenses.pricing").joinpath("sql", f"{name}.sql").read_text("utf-8")
