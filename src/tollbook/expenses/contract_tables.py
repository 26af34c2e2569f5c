"""The contracts of a month as rating takes them, read from catalog, contracts and clients."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import pyarrow as pa
from django.conf import settings
from django.db import connection

from tollbook.expenses.pricing.tables import (
    DISCOUNTS_SCHEMA,
    LINE_REGIONS_SCHEMA,
    LINES_SCHEMA,
    REGION_COMMITS_SCHEMA,
    STAGES_SCHEMA,
    TAXES_SCHEMA,
    ContractTables,
)
from tollbook.expenses.trial_tables import trial_table
from tollbook.kernel.periods import DateRange, day_start
from tollbook.rating.conventions import Conventions

_HELD: Final = """
WITH held AS MATERIALIZED (
    SELECT s.id AS line_id, a.id AS addendum_id, a.client_id, s.plan_item_id, i.feature_id,
        r.rule_type AS rule, greatest(s.active_from, a.active_from) AS active_from,
        least(s.active_to, a.active_to) AS active_to, i.unit_size, i.rounding_rule_id,
        s.quantity, p.id AS price_id, p.money_value AS price
    FROM contracts_subscription s
    JOIN contracts_addendum a ON a.id = s.addendum_id
    JOIN catalog_planitem i ON i.id = s.plan_item_id
    JOIN catalog_calcrule r ON r.id = i.calc_rule_id
    {price_join} catalog_price p ON p.plan_item_id = i.id AND p.currency_id = a.currency_id
    WHERE a.client_id = ANY(%(clients)s)
        AND greatest(s.active_from, a.active_from) < %(end)s
        AND coalesce(least(s.active_to, a.active_to), 'infinity')
            > greatest(s.active_from, a.active_from, %(start)s)
)
"""
_PRICED: Final = _HELD.format(price_join="JOIN")
_COMMITS: Final = f"""{_PRICED}, named AS (
    SELECT planitem_id, array_agg(statisticregion_id) AS region_ids
    FROM catalog_planitem_regions GROUP BY planitem_id
), commits AS (
    SELECT held.*, named.region_ids FROM held LEFT JOIN named ON planitem_id = plan_item_id
    WHERE rule IN ('commit', 'commit_hourly')
), places AS (
    SELECT addendum_id, feature_id, unnest(region_ids) AS region_id FROM commits
    UNION SELECT addendum_id, feature_id, NULL FROM commits WHERE region_ids IS NULL
), covering AS (
    SELECT commits.*, region_id FROM commits JOIN places USING (addendum_id, feature_id)
    WHERE region_ids IS NULL OR region_id = ANY(region_ids)
), committed AS (
    SELECT one.addendum_id, one.feature_id, one.region_id, one.rule, one.line_id,
        sum(other.quantity) AS quantity
    FROM covering one JOIN covering other
        ON other.addendum_id = one.addendum_id AND other.feature_id = one.feature_id
        AND other.region_id IS NOT DISTINCT FROM one.region_id AND other.rule = one.rule
        AND other.active_from <= greatest(one.active_from, %(start)s)
        AND coalesce(other.active_to, 'infinity') > greatest(one.active_from, %(start)s)
    GROUP BY one.addendum_id, one.feature_id, one.region_id, one.rule, one.line_id
), most AS (
    SELECT addendum_id, feature_id, region_id, rule, max(quantity) AS quantity
    FROM committed GROUP BY addendum_id, feature_id, region_id, rule
)
"""  # noqa: S608
"""``most`` is committed in a region that a commit names; without a region in each of the others."""
_LINES: Final = f"""{_COMMITS}
SELECT line_id, held.addendum_id, client_id, plan_item_id, held.feature_id, held.rule, active_from,
    active_to, unit_size, rounding.value, rounding.round_operation,
    CASE WHEN held.rule IN ('commit', 'commit_hourly') THEN held.quantity
        ELSE coalesce(monthly.quantity, 0) END,
    CASE WHEN held.rule IN ('commit', 'commit_hourly') THEN NULL ELSE hourly.quantity END
FROM held
LEFT JOIN catalog_roundingrule rounding ON rounding.id = rounding_rule_id
LEFT JOIN most monthly ON monthly.rule = 'commit' AND monthly.region_id IS NULL
    AND (monthly.addendum_id, monthly.feature_id) = (held.addendum_id, held.feature_id)
LEFT JOIN most hourly ON hourly.rule = 'commit_hourly' AND hourly.region_id IS NULL
    AND (hourly.addendum_id, hourly.feature_id) = (held.addendum_id, held.feature_id)
ORDER BY line_id
"""  # noqa: S608
_REGION_COMMITS: Final = f"""{_COMMITS}
SELECT line_id, place.region_id, coalesce(monthly.quantity, 0), hourly.quantity
FROM held
JOIN places place
    ON (place.addendum_id, place.feature_id) = (held.addendum_id, held.feature_id)
LEFT JOIN named ON planitem_id = plan_item_id
LEFT JOIN most monthly ON monthly.rule = 'commit'
    AND (monthly.addendum_id, monthly.feature_id, monthly.region_id)
        = (place.addendum_id, place.feature_id, place.region_id)
LEFT JOIN most hourly ON hourly.rule = 'commit_hourly'
    AND (hourly.addendum_id, hourly.feature_id, hourly.region_id)
        = (place.addendum_id, place.feature_id, place.region_id)
WHERE place.region_id IS NOT NULL AND held.rule NOT IN ('commit', 'commit_hourly')
    AND (named.region_ids IS NULL OR place.region_id = ANY(named.region_ids))
ORDER BY line_id, place.region_id
"""  # noqa: S608
_LINE_REGIONS: Final = f"""{_PRICED}
SELECT line_id, statisticregion_id FROM held
JOIN catalog_planitem_regions regions ON regions.planitem_id = held.plan_item_id
ORDER BY line_id, statisticregion_id
"""  # noqa: S608
_STAGES: Final = f"""{_PRICED}, above AS (
    SELECT line_id, threshold, money_value FROM held
    JOIN catalog_pricestage stage ON stage.price_id = held.price_id
)
SELECT line_id, 0::numeric(38, 12) AS threshold, price FROM held
WHERE NOT EXISTS (SELECT FROM above WHERE above.line_id = held.line_id AND threshold = 0)
UNION ALL
SELECT line_id, threshold, money_value FROM above
ORDER BY line_id, threshold
"""  # noqa: S608
_DISCOUNTS: Final = """
SELECT addendum_id, d.id, d.active_from, d.active_to, relative_value FROM contracts_discount d
JOIN contracts_addendum a ON a.id = d.addendum_id
WHERE a.client_id = ANY(%(clients)s)
    AND coalesce(d.active_from, '-infinity') < %(end)s
    AND coalesce(d.active_to, 'infinity') > %(start)s
ORDER BY d.id
"""
_TAXES: Final = """
SELECT c.id, p.tax_rate FROM clients_client c JOIN clients_payer p ON p.id = c.payer_id
WHERE c.id = ANY(%(clients)s) ORDER BY c.id
"""
_UNPRICED: Final = f"""{_HELD.format(price_join="LEFT JOIN")}
SELECT client_id, line_id FROM held WHERE price_id IS NULL ORDER BY client_id, line_id
"""  # noqa: S608
_FEE_REGION: Final = "SELECT min(id) FROM catalog_statisticregion"


def contract_tables(month: DateRange, client_ids: Collection[int]) -> ContractTables:
    """What the clients' contracts say of ``month``, at the prices of today.

    A subscription holds while its addendum does. One without a price in its addendum's currency is
    left out: ``unpriced_lines`` names it. What is committed of a feature counts in each region
    that the plan item of the commit covers, there whole, however short the time that it was
    committed in the month; of commits that follow each other the largest counts.
    """
    asked = _asked(month, client_ids)
    ((fee_region_id,),) = _rows(_FEE_REGION, asked)
    return ContractTables(
        lines=_table(_LINES, asked, LINES_SCHEMA),
        line_regions=_table(_LINE_REGIONS, asked, LINE_REGIONS_SCHEMA),
        region_commits=_table(_REGION_COMMITS, asked, REGION_COMMITS_SCHEMA),
        stages=_table(_STAGES, asked, STAGES_SCHEMA),
        discounts=_table(_DISCOUNTS, asked, DISCOUNTS_SCHEMA),
        taxes=_table(_TAXES, asked, TAXES_SCHEMA),
        trials=trial_table(month, client_ids),
        fee_region_id=fee_region_id or 0,
        conventions=Conventions(
            threshold_is_in_new_stage=settings.THRESHOLD_IS_IN_NEW_STAGE,
            counts_activation_day=settings.COUNTS_ACTIVATION_DAY,
        ),
    )


def unpriced_lines(month: DateRange, client_ids: Collection[int]) -> list[tuple[int, int]]:
    """Clients and subscriptions that ``month`` has no price for: nothing is billed of them."""
    return [(client, line) for client, line in _rows(_UNPRICED, _asked(month, client_ids))]


def _asked(month: DateRange, client_ids: Collection[int]) -> dict[str, Any]:
    return {
        "clients": sorted(client_ids),
        "start": day_start(month.start),
        "end": day_start(month.end),
    }


def _table(statement: str, asked: dict[str, Any], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*_rows(statement, asked), strict=True)) or [()] * len(schema)
    arrays = [
        pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _rows(statement: str, asked: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return rows
