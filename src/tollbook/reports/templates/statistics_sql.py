"""The SQL of ``ResellerStatistics``, in the subset that the engines share.

``usage`` is a part of the lake; ``clients``, ``features`` and ``contracts`` are small tables of
what was asked for. Usage is never added up across metrics: their units differ.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from tollbook.reports.templates.statistics_columns import GROUPS

DAY: Final = "of_day"
HOUR: Final = "of_hour"
_TIMES: Final[Mapping[str, Mapping[str, str]]] = {
    "month": {},
    "day": {DAY: "CAST(period_start AS date)"},
    "hour": {
        DAY: "CAST(period_start AS date)",
        HOUR: "CAST(extract(hour FROM period_start) AS int)",
    },
}
"""What tells the time of a row, all in UTC; a month is asked for by itself."""
_COUNTED: Final = {group: made[0].facts[0] for group, made in GROUPS.items()}
"""The column that each group is told apart by."""
_OF_FEATURE: Final = "product_id"
"""The one of them that a usage record does not have: it follows from its feature."""

_OF_CLIENTS: Final = "client_id IN (SELECT id FROM clients)"
_OF_FEATURES: Final = "feature_id IN (SELECT id FROM features)"
_UNDER_CONTRACTS: Final = """EXISTS (
    SELECT 1 FROM contracts
    WHERE contracts.client_id = usage.client_id AND contracts.feature_id = usage.feature_id
      AND (usage.addendum_id = contracts.id OR (usage.addendum_id IS NULL
        AND (contracts.active_from IS NULL OR contracts.active_from <= usage.period_start)
        AND (contracts.active_to IS NULL OR usage.period_start < contracts.active_to)))
)"""
_GROUPING: Final = """
WITH added AS (
    SELECT {inner_keys}, sum(amount) AS amount, count(*) AS records
    FROM usage
    WHERE {conditions}
    GROUP BY {inner_keys_again}
)
SELECT {outer_keys}, metric_id,
    CAST(sum(amount) AS decimal(38, 12)) AS usage, CAST(sum(records) AS bigint) AS records
FROM added JOIN features ON features.id = added.feature_id
GROUP BY {outer_keys}, metric_id
ORDER BY {ordered}, metric_id
"""


def grouping_sql(granularity: str, groups: Sequence[str], conditions: str) -> str:
    """Usage of one month, or of some days by day or hour, added up."""
    keys = [_COUNTED[group] for group in groups]
    own = [key for key in dict.fromkeys((*keys, "feature_id")) if key != _OF_FEATURE]
    times = _TIMES[granularity]
    outer = [*times, *keys]
    return _GROUPING.format(
        inner_keys=", ".join([*(f"{sql} AS {key}" for key, sql in times.items()), *own]),
        inner_keys_again=", ".join([*times.values(), *own]),
        conditions=conditions,
        outer_keys=", ".join(outer),
        ordered=", ".join(f"{key} NULLS FIRST" for key in outer),
    )


def counting_sql(conditions: str) -> str:
    """How many usage records fulfil the conditions."""
    return f"SELECT count(*) AS records FROM usage WHERE {conditions}"  # noqa: S608  ours alone


def conditions_sql(*, clients: bool, features: bool, contracts: bool) -> str:
    """The conditions that the small tables make, each only where it leaves something out."""
    asked = {_OF_CLIENTS: clients, _OF_FEATURES: features, _UNDER_CONTRACTS: contracts}
    return " AND ".join(sql for sql, holds in asked.items() if holds) or "true"
