"""The tables of rating as values of the pure reference, to check SQL by it and to explain."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tollbook.expenses.pricing.tables import ContractTables
from tollbook.rating.commit import Committed
from tollbook.rating.conventions import Conventions
from tollbook.rating.ladder import PriceStage
from tollbook.rating.metered import Contracts, DiscountSpan, FreeRange, MeteredLine, UsageRecord
from tollbook.rating.rules import CalcRule, Terms
from tollbook.rating.trials import TrialLimit
from tollbook.rating.usage import RoundWay, UsageRounding


def contracts_of(tables: ContractTables) -> Contracts:
    """All lines with what goes with them; those of fees take no usage."""
    regions, ladders = defaultdict(set), defaultdict(list)
    regional: dict[int, dict[int, Committed]] = defaultdict(dict)
    for row in tables.line_regions.to_pylist():
        regions[row["line_id"]].add(row["region_id"])
    for row in tables.region_commits.to_pylist():
        committed = Committed(row["committed"], row["hourly_commit"])
        regional[row["line_id"]][row["region_id"]] = committed
    for row in tables.stages.to_pylist():
        ladders[row["line_id"]].append(PriceStage(row["threshold"], row["price"]))
    return Contracts(
        lines=[
            replace(
                _line(row, sorted(ladders[row["line_id"]]), tables.conventions),
                region_ids=frozenset(regions[row["line_id"]]),
                region_commits=regional[row["line_id"]],
            )
            for row in tables.lines.to_pylist()
        ],
        discounts=[DiscountSpan(**row) for row in tables.discounts.to_pylist()],
        taxes={row["client_id"]: row["tax_rate"] for row in tables.taxes.to_pylist()},
        free_ranges=[_free_range(row) for row in tables.trials.to_pylist()],
    )


def records_of(usage: Iterable[pa.RecordBatch]) -> Iterator[UsageRecord]:
    """Records of ``USAGE_SCHEMA``; the resource does not matter to rating."""
    for batch in usage:
        for row in batch.drop_columns(["resource_id"]).to_pylist():
            yield UsageRecord(**row)


def _line(
    row: dict[str, Any], ladder: Iterable[PriceStage], conventions: Conventions
) -> MeteredLine:
    multiple, way = row["round_multiple"], row["round_way"]
    return MeteredLine(
        line_id=row["line_id"],
        addendum_id=row["addendum_id"],
        client_id=row["client_id"],
        plan_item_id=row["plan_item_id"],
        feature_id=row["feature_id"],
        rule=CalcRule(row["rule"]),
        terms=Terms(tuple(ladder), row["committed"], conventions),
        active_from=row["active_from"],
        active_to=row["active_to"],
        unit_size=row["unit_size"],
        rounding=None if way is None else UsageRounding(multiple, RoundWay(way)),
        hourly_commit=row["hourly_commit"],
    )


def _free_range(row: dict[str, Any]) -> FreeRange:
    limit = None if row["limit"] is None else TrialLimit(row["limit"], row["ends_trial"])
    return FreeRange(
        trial_id=row["trial_id"],
        client_id=row["client_id"],
        feature_id=row["feature_id"],
        free_from=row["free_from"],
        free_to=row["free_to"],
        limit=limit,
    )
