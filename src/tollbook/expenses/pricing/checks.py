"""What no contract may say, refused by the name of the line before anything is rated."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from tollbook.kernel.errors import InvalidInput
from tollbook.kernel.money import MONEY_PLACES, money_context
from tollbook.rating.rules import CalcRule
from tollbook.rating.usage import RoundWay

type_of_row = dict[str, Any]

LARGEST_STEP: Final = Decimal(10) ** 17
"""A billed unit, or a multiple of it, has fewer measured units; a price fewer currency units."""


def check_line(row: type_of_row, *, has_price: bool) -> None:
    """Raise ``InvalidInput`` for a unit, a rounding rule or a commit that cannot be rated."""
    line_id = row["line_id"]
    if row["rule"] not in set(CalcRule):
        raise _wrong(line_id, "rule", f"{row['rule']!r} is no calc rule")
    if row["unit_size"] <= 0:
        raise _wrong(line_id, "unit_size", f"{_text(row['unit_size'])} is not above 0")
    _check_rounding(row)
    step = money_context().multiply(row["unit_size"], row["round_multiple"] or Decimal(1))
    _check_span(line_id, "unit_size", step, "times the rounding multiple")
    check_committed(row)
    if not has_price:
        raise _wrong(line_id, "price", "there is none")


def check_committed(row: type_of_row) -> None:
    """Raise ``InvalidInput`` for a commit of the line, in all regions or in one, out of range."""
    line_id = row["line_id"]
    if row["committed"] < 0:
        raise _wrong(line_id, "committed", f"{_text(row['committed'])} is below 0")
    if row["hourly_commit"] is not None:
        hourly = money_context().multiply(row["hourly_commit"], row["unit_size"])
        if hourly:
            _check_span(line_id, "hourly_commit", hourly, "in measured units")


def check_ladder(line_id: int, ladder: Sequence[type_of_row]) -> None:
    """Raise ``InvalidInput`` for stages, in order, that do not rise from 0 or cost too much."""
    thresholds = [row["threshold"] for row in ladder]
    if thresholds[0] != 0 or len(set(thresholds)) != len(thresholds):
        shown = ", ".join(map(_text, thresholds))
        raise _wrong(line_id, "stages", f"{shown} do not rise from 0, each once")
    for row in ladder:
        if not 0 <= row["price"] < LARGEST_STEP:
            raise _wrong(line_id, "price", f"{_text(row['price'])} is not from 0 to below 10^17")


def check_discount(row: type_of_row) -> None:
    """Raise ``InvalidInput`` for a discount of less than nothing or more than all."""
    if not 0 <= row["percent"] <= 100:
        raise InvalidInput(
            f"discount {row['discount_id']} is {_text(row['percent'])} %, not from 0 to 100",
            field=f"discounts[{row['discount_id']}].percent",
        )


def check_trial_ranges(rows: Iterable[type_of_row]) -> None:
    """Raise ``InvalidInput`` where two ranges make the same usage free."""
    ranges: dict[tuple[int, int], list[type_of_row]] = defaultdict(list)
    for row in rows:
        ranges[row["client_id"], row["feature_id"]].append(row)
    for (client_id, feature_id), found in ranges.items():
        found.sort(key=lambda row: row["free_from"])
        for one, other in pairwise(found):
            if one["free_to"] is None or other["free_from"] < one["free_to"]:
                raise InvalidInput(
                    f"trials {one['trial_id']} and {other['trial_id']} of client {client_id} "
                    f"overlap for feature {feature_id}: cut one of them",
                    field=f"trials[{other['trial_id']}].free_from",
                )


def _check_rounding(row: type_of_row) -> None:
    line_id, multiple, way = row["line_id"], row["round_multiple"], row["round_way"]
    if (multiple is None) != (way is None):
        raise _wrong(line_id, "round_multiple", "a rounding rule has a multiple and a way")
    if multiple is not None and multiple <= 0:
        raise _wrong(line_id, "round_multiple", f"{_text(multiple)} is not above 0")
    if multiple is not None and multiple >= LARGEST_STEP:
        raise _wrong(line_id, "round_multiple", f"{_text(multiple)} is not below 10^17")
    if way is not None and way not in set(RoundWay):
        raise _wrong(line_id, "round_way", f"{way!r} is neither ceil nor floor")


def _check_span(line_id: int, field: str, amount: Decimal, what: str) -> None:
    if not 0 < amount < LARGEST_STEP:
        raise _wrong(line_id, field, f"{_text(amount)} {what} is not above 0 and below 10^17")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MONEY_PLACES:
        raise _wrong(line_id, field, f"{_text(amount)} {what} has more than 12 decimals")


def _wrong(line_id: int, field: str, what: str) -> InvalidInput:
    return InvalidInput(f"line {line_id}, {field}: {what}", field=f"lines[{line_id}].{field}")


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
