"""Contracts made ready for SQL: checked, cut to the month, every quotient taken out beforehand."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa

from tollbook.expenses.pricing.checks import (
    check_committed,
    check_discount,
    check_ladder,
    check_line,
    check_trial_ranges,
)
from tollbook.expenses.pricing.tables import ContractTables
from tollbook.kernel.money import MONEY_PLACES, ZERO, money_context
from tollbook.kernel.periods import DateRange, day_start, month_of
from tollbook.rating.conventions import Conventions
from tollbook.rating.rules import MONTH_TO_DATE
from tollbook.rating.usage import RoundWay

type_of_row = dict[str, Any]

_MOMENT: Final = pa.timestamp("us", tz="UTC")
_AMOUNT: Final = pa.decimal128(38, 12)
_WHOLE: Final = pa.decimal128(18, 0)
_PART: Final = pa.decimal128(12, 12)
_NO_UPPER: Final = Decimal(10) ** 25
_LEAST: Final = Decimal(1).scaleb(-MONEY_PLACES)
"""Quantities differ by no less."""
_WAYS: Final[Mapping[str | None, int]] = {None: 0, RoundWay.CEIL: 1, RoundWay.FLOOR: -1}

_LINES: Final = pa.schema(
    [
        ("line_id", pa.int64()),
        ("addendum_id", pa.int32()),
        ("client_id", pa.int32()),
        ("plan_item_id", pa.int32()),
        ("feature_id", pa.int32()),
        ("rule", pa.string()),
        ("active_from", _MOMENT),
        ("active_to", _MOMENT),
        ("unit_size", _AMOUNT),
        ("step", _AMOUNT),
        ("step_whole", _WHOLE),
        ("step_part", _PART),
        ("multiple_whole", _WHOLE),
        ("multiple_part", _PART),
        ("round_way", pa.int32()),
        ("committed", _AMOUNT),
        ("is_hourly", pa.int32()),
        ("hourly_measured", _AMOUNT),
        ("top_price", _AMOUNT),
    ]
)
_REGION_COMMITS: Final = pa.schema(
    [
        ("line_id", pa.int64()),
        ("region_id", pa.int32()),
        ("committed", _AMOUNT),
        ("is_hourly", pa.int32()),
        ("hourly_measured", _AMOUNT),
    ]
)
_PLACES: Final = pa.schema(
    [
        ("line_id", pa.int64()),
        ("addendum_id", pa.int32()),
        ("client_id", pa.int32()),
        ("feature_id", pa.int32()),
        ("region_id", pa.int32()),
        ("any_region", pa.int32()),
        ("is_hourly", pa.int32()),
        ("active_from", _MOMENT),
        ("active_to", _MOMENT),
    ]
)
_SPELLS: Final = pa.schema(
    [
        ("spell", pa.int32()),
        ("client_id", pa.int32()),
        ("feature_id", pa.int32()),
        ("spell_from", _MOMENT),
        ("spell_to", _MOMENT),
        ("hourly", pa.bool_()),
        ("trial_id", pa.int32()),
    ]
)
_HANDOVERS: Final = pa.schema(
    [
        ("line_id", pa.int64()),
        ("for_date", pa.date32()),
        ("to_line_id", pa.int64()),
        ("served_from", _MOMENT),
        ("served_to", _MOMENT),
    ]
)
_TRIAL_LIMITS: Final = pa.schema(
    [
        ("trial_id", pa.int32()),
        ("feature_id", pa.int32()),
        ("free_amount", _AMOUNT),
        ("ends_trial", pa.int32()),
    ]
)
_STAGES: Final = pa.schema(
    [
        ("line_id", pa.int64()),
        ("threshold", _AMOUNT),
        ("upper", _AMOUNT),
        ("reached_from", _AMOUNT),
        ("reached_below", _AMOUNT),
        ("price_whole", _WHOLE),
        ("price_part", _PART),
    ]
)
_DISCOUNTS: Final = pa.schema(
    [
        ("addendum_id", pa.int32()),
        ("discount_id", pa.int32()),
        ("held_from", _MOMENT),
        ("held_to", _MOMENT),
        ("kept", pa.decimal128(15, 14)),
        ("kept_trillionths", pa.decimal128(15, 2)),
    ]
)
_TAXES: Final = pa.schema(
    [
        ("client_id", pa.int32()),
        ("tax_rate", pa.decimal128(5, 2)),
        ("tax_share", pa.decimal128(5, 4)),
    ]
)
_DAYS: Final = pa.schema([("for_date", pa.date32()), ("day_start", _MOMENT), ("day_end", _MOMENT)])
_MONTH: Final = pa.schema([("month_start", _MOMENT)])


def usage_sources(contracts: ContractTables, days: DateRange) -> dict[str, pa.Table]:
    """What the SQL of usage joins the records with, by name; ``InvalidInput`` names what is wrong.

    ``days`` are the first days of one month.
    """
    month = month_of(days.start)
    ladders = _ladders(contracts)
    lines = [
        _line(row, ladders, month)
        for row in contracts.lines.to_pylist()
        if row["rule"] in MONTH_TO_DATE
    ]
    lines = [row for row in lines if row["active_from"] < day_start(month.end)]
    regional = _region_commits(lines, contracts)
    by_hour = {row["line_id"] for row in (*lines, *regional) if row["is_hourly"]}
    free = _free_ranges(contracts)
    return {
        "lines": pa.Table.from_pylist(lines, _LINES),
        "places": pa.Table.from_pylist(list(_places(lines, contracts)), _PLACES),
        "region_commits": pa.Table.from_pylist(regional, _REGION_COMMITS),
        "spells": pa.Table.from_pylist(list(_spells(lines, by_hour, free, month)), _SPELLS),
        "handovers": pa.Table.from_pylist(list(_handovers(lines, month)), _HANDOVERS),
        "trial_limits": pa.Table.from_pylist(_trial_limits(free), _TRIAL_LIMITS),
        "stages": pa.Table.from_pylist(list(_stages(ladders, contracts.conventions)), _STAGES),
        "days": pa.Table.from_pylist([_day(day) for day in days], _DAYS),
        "month": pa.Table.from_pylist([{"month_start": day_start(month.start)}], _MONTH),
        **charge_sources(contracts, month),
    }


def charge_sources(contracts: ContractTables, month: DateRange) -> dict[str, pa.Table]:
    """Discounts and taxes of a month."""
    taxes = [row | {"tax_share": row["tax_rate"].scaleb(-2)} for row in contracts.taxes.to_pylist()]
    return {
        "discounts": pa.Table.from_pylist(list(_discounts(contracts, month)), _DISCOUNTS),
        "taxes": pa.Table.from_pylist(taxes, _TAXES),
    }


def stage_sources(contracts: ContractTables) -> dict[str, pa.Table]:
    """The price ladders, cut into whole and broken parts."""
    stages = list(_stages(_ladders(contracts), contracts.conventions))
    return {"stages": pa.Table.from_pylist(stages, _STAGES)}


def regions_of(contracts: ContractTables) -> dict[int, list[int]]:
    """The regions of each line that names some, rising."""
    regions: dict[int, list[int]] = defaultdict(list)
    for row in contracts.line_regions.to_pylist():
        regions[row["line_id"]].append(row["region_id"])
    return {line_id: sorted(found) for line_id, found in regions.items()}


def _ladders(contracts: ContractTables) -> dict[int, list[type_of_row]]:
    ladders: dict[int, list[type_of_row]] = defaultdict(list)
    for row in contracts.stages.to_pylist():
        ladders[row["line_id"]].append(row)
    for line_id, ladder in ladders.items():
        ladder.sort(key=lambda row: row["threshold"])
        check_ladder(line_id, ladder)
    return ladders


def _line(
    row: type_of_row, ladders: Mapping[int, list[type_of_row]], month: DateRange
) -> type_of_row:
    check_line(row, has_price=row["line_id"] in ladders)
    exact = money_context()
    multiple = row["round_multiple"] or ZERO
    step = exact.multiply(row["unit_size"], multiple or Decimal(1))
    ends = day_start(month.end)
    return row | {
        "active_to": min(row["active_to"] or ends, ends),
        "step": step,
        "step_whole": step // 1,
        "step_part": step % 1,
        "multiple_whole": multiple // 1,
        "multiple_part": multiple % 1,
        "round_way": _WAYS[row["round_way"]],
        "top_price": max(stage["price"] for stage in ladders[row["line_id"]]),
        **_hourly(row["hourly_commit"], row["unit_size"]),
    }


def _hourly(commit: Decimal | None, unit_size: Decimal) -> type_of_row:
    measured = None if commit is None else money_context().multiply(commit, unit_size)
    return {"is_hourly": int(commit is not None), "hourly_measured": measured}


def _region_commits(lines: Iterable[type_of_row], contracts: ContractTables) -> list[type_of_row]:
    """What is committed in a region, of lines that are there; each line and region once."""
    held = {line["line_id"]: line for line in lines}
    found: dict[tuple[int, int], type_of_row] = {}
    for row in contracts.region_commits.to_pylist():
        line = held.get(row["line_id"])
        if line is not None:
            check_committed(line | row)
            hourly = _hourly(row["hourly_commit"], line["unit_size"])
            found[row["line_id"], row["region_id"]] = row | hourly
    return list(found.values())


def _places(lines: Iterable[type_of_row], contracts: ContractTables) -> Iterator[type_of_row]:
    """Each line once for each region it names, or once for any."""
    regions = regions_of(contracts)
    for line in lines:
        place = {name: line[name] for name in _PLACES.names if name in line}
        for region_id in regions.get(line["line_id"], [None]):
            yield place | {"region_id": region_id, "any_region": int(region_id is None)}


def _spells(
    lines: Iterable[type_of_row],
    by_hour: Collection[int],
    free: Iterable[type_of_row],
    month: DateRange,
) -> Iterator[type_of_row]:
    """Where contracts of a client's feature change within the month, or are hourly, or on trial.

    Within a spell they are the same; all else has none, and the month's start is judged.
    ``by_hour`` are lines with an hourly commit, be it in one region only.
    """
    of_lines, of_trials = _by_feature(lines), _by_feature(free)
    number = 0
    for pair in sorted(of_lines.keys() | of_trials.keys()):
        hourly = any(line["line_id"] in by_hour for line in of_lines.get(pair, []))
        trials = of_trials.get(pair, [])
        moments = _cuts(of_lines.get(pair, []), trials, month)
        if len(moments) == 2 and not hourly and not trials:
            continue
        for start, end in pairwise(moments):
            number += 1
            yield {
                "spell": number,
                "client_id": pair[0],
                "feature_id": pair[1],
                "spell_from": start,
                "spell_to": end,
                "hourly": hourly,
                "trial_id": _trial_at(start, trials),
            }


def _cuts(
    lines: Iterable[type_of_row], trials: Iterable[type_of_row], month: DateRange
) -> list[datetime]:
    first, last = day_start(month.start), day_start(month.end)
    moments = {line[name] for line in lines for name in ("active_from", "active_to")}
    moments |= {trial[name] for trial in trials for name in ("free_from", "free_to")}
    return sorted({first, last, *(one for one in moments if one and first < one < last)})


def _trial_at(moment: datetime, trials: Iterable[type_of_row]) -> int:
    for trial in trials:
        end = trial["free_to"]
        if trial["free_from"] <= moment and (end is None or moment < end):
            return int(trial["trial_id"])
    return 0


def _handovers(lines: Iterable[type_of_row], month: DateRange) -> Iterator[type_of_row]:
    """Days on which a plan item of an addendum has several lines: the last one takes them."""
    items: dict[tuple[int, int], list[type_of_row]] = defaultdict(list)
    for line in lines:
        items[line["addendum_id"], line["plan_item_id"]].append(line)
    for item in items.values():
        for day in month if len(item) > 1 else ():
            bounds = _day(day)
            served = [
                line
                for line in item
                if line["active_from"] < bounds["day_end"]
                and line["active_to"] > bounds["day_start"]
            ]
            if len(served) > 1:
                yield from _handed_over(day, served)


def _handed_over(day: date, served: list[type_of_row]) -> Iterator[type_of_row]:
    last = max(served, key=lambda line: (line["active_from"], line["line_id"]))
    for line in served:
        yield {
            "line_id": line["line_id"],
            "for_date": day,
            "to_line_id": last["line_id"],
            "served_from": min(one["active_from"] for one in served),
            "served_to": max(one["active_to"] for one in served),
        }


def _free_ranges(contracts: ContractTables) -> list[type_of_row]:
    """Ranges of trials, without what is used up before the month starts."""
    rows = contracts.trials.to_pylist()
    check_trial_ranges(rows)
    empty = [row for row in rows if row["limit"] is not None and row["limit"] <= 0]
    ended = {row["trial_id"] for row in empty if row["ends_trial"]}
    used_up = {(row["trial_id"], row["feature_id"]) for row in empty}
    return [
        row
        for row in rows
        if row["trial_id"] not in ended and (row["trial_id"], row["feature_id"]) not in used_up
    ]


def _trial_limits(free: Iterable[type_of_row]) -> list[type_of_row]:
    limits = {
        (row["trial_id"], row["feature_id"]): {
            "trial_id": row["trial_id"],
            "feature_id": row["feature_id"],
            "free_amount": row["limit"],
            "ends_trial": int(row["ends_trial"]),
        }
        for row in free
        if row["limit"] is not None
    }
    return [limits[key] for key in sorted(limits)]


def _stages(
    ladders: Mapping[int, list[type_of_row]], conventions: Conventions
) -> Iterator[type_of_row]:
    """Slices lie from ``threshold`` to ``upper``; a whole quantity of at least ``reached_from``,
    and less than ``reached_below``, reaches the stage."""
    later = ZERO if conventions.threshold_is_in_new_stage else _LEAST
    add = money_context().add
    for line_id, ladder in ladders.items():
        uppers = [*(stage["threshold"] for stage in ladder[1:]), _NO_UPPER]
        for stage, upper in zip(ladder, uppers, strict=True):
            yield {
                "line_id": line_id,
                "threshold": stage["threshold"],
                "upper": upper,
                "reached_from": add(stage["threshold"], later),
                "reached_below": add(upper, later),
                "price_whole": stage["price"] // 1,
                "price_part": stage["price"] % 1,
            }


def _discounts(contracts: ContractTables, month: DateRange) -> Iterator[type_of_row]:
    """When which discount holds: ranges that do not overlap, cut to the month."""
    first, last = day_start(month.start), day_start(month.end)
    addendums: dict[int, list[type_of_row]] = defaultdict(list)
    for row in contracts.discounts.to_pylist():
        check_discount(row)
        start = max(row["active_from"] or first, first)
        end = min(row["active_to"] or last, last)
        if start < end:
            addendums[row["addendum_id"]].append(row | {"start": start, "end": end})
    for addendum_id, rows in addendums.items():
        rows.sort(key=lambda row: int(row["discount_id"]))
        moments = sorted({row[name] for row in rows for name in ("start", "end")})
        for start, end in pairwise(moments):
            held = next((row for row in rows if row["start"] <= start < row["end"]), None)
            if held is not None:
                kept = (100 - held["percent"]).scaleb(-2)
                yield {
                    "addendum_id": addendum_id,
                    "discount_id": held["discount_id"],
                    "held_from": start,
                    "held_to": end,
                    "kept": kept,
                    "kept_trillionths": kept.scaleb(12),
                }


def _by_feature(rows: Iterable[type_of_row]) -> dict[tuple[int, int], list[type_of_row]]:
    pairs: dict[tuple[int, int], list[type_of_row]] = defaultdict(list)
    for row in rows:
        pairs[row["client_id"], row["feature_id"]].append(row)
    return pairs


def _day(day: date) -> type_of_row:
    bounds = DateRange(day, date.fromordinal(day.toordinal() + 1))
    return {
        "for_date": day,
        "day_start": day_start(bounds.start),
        "day_end": day_start(bounds.end),
    }
