"""Commits of a month: what was used of each and at what share of its fee, and what was left."""

from typing import Final

from tollbook.catalog.rules import CalcRuleType
from tollbook.expenses.rules import ExpenseKind
from tollbook.reports.templates.focus.ledger_sql import METER, OWNER
from tollbook.reports.templates.focus.terms import RowKind


def _covers(commit: str, meter: str) -> str:
    """A commit counts in the regions that its plan item names, in every one if it names none."""
    named = (
        "SELECT FROM catalog_planitem_regions AS region"
        f" WHERE region.planitem_id = {commit}.plan_item_id"
    )
    here = f"{named} AND region.statisticregion_id = {meter}.region_id"
    return f"NOT EXISTS ({named}) OR EXISTS ({here})"


COMMITS: Final = f"""
commits AS (
    SELECT reseller_id, client_id, (array_agg(payer_id ORDER BY id DESC))[1] AS payer_id,
        currency_id, addendum_id, plan_id, plan_item_id, product_id, feature_id,
        (array_agg(unit_id ORDER BY id DESC))[1] AS unit_id,
        (array_agg(invoice_id ORDER BY id DESC))[1] AS invoice_id, max(usage) AS quantity,
        sum(money_value) AS fee, sum(list_value) AS list_fee,
        min(period_start) AS period_start, max(period_end) AS period_end
    FROM billed
    WHERE kind = '{ExpenseKind.FEE}' AND calc_rule_type = '{CalcRuleType.COMMIT}'
    GROUP BY reseller_id, client_id, currency_id, addendum_id, plan_id, plan_item_id, product_id,
        feature_id
), measured AS (
    SELECT DISTINCT item.plan_id, item.feature_id
    FROM catalog_planitem AS item JOIN catalog_calcrule AS rule ON rule.id = item.calc_rule_id
    WHERE rule.rule_type = '{CalcRuleType.OVERCOMMIT}'
), measured_commits AS (
    SELECT commits.* FROM commits JOIN measured USING (plan_id, feature_id)
), metered AS MATERIALIZED (
    SELECT id, for_date, {METER}, usage,
        sum(usage) OVER (PARTITION BY {METER} ORDER BY for_date, id) AS used_to
    FROM live
    WHERE kind = '{ExpenseKind.USAGE}' AND calc_rule_type = '{CalcRuleType.OVERCOMMIT}'
        AND (addendum_id, feature_id) IN (SELECT addendum_id, feature_id FROM measured_commits)
), spans AS (
    SELECT addendum_id, plan_item_id, commits.feature_id, meter.region_id, meter.unit_id, quantity,
        sum(quantity) OVER (
            PARTITION BY addendum_id, commits.feature_id, meter.region_id, meter.unit_id
            ORDER BY plan_item_id
        ) AS up_to
    FROM measured_commits AS commits
    JOIN (SELECT DISTINCT {METER} FROM metered) AS meter USING (addendum_id, feature_id)
    WHERE {_covers("commits", "meter")}
), capacities AS (
    SELECT addendum_id, plan_item_id, count(*) AS regions, sum(quantity) AS capacity
    FROM spans GROUP BY addendum_id, plan_item_id
), covered AS (
    SELECT metered.id, for_date, addendum_id, spans.plan_item_id,
        least(used_to, up_to) - greatest(used_to - usage, up_to - quantity) AS part
    FROM metered JOIN spans USING ({METER})
    WHERE used_to > up_to - quantity AND used_to - usage < up_to AND quantity > 0 AND usage > 0
), shares AS MATERIALIZED (
    SELECT *, sum(part) OVER (
        PARTITION BY addendum_id, plan_item_id ORDER BY for_date, id
    ) AS part_to
    FROM covered
)"""  # noqa: S608  ours alone
"""What each use has of each commit, in the order of use.

A commit counts whole in each region that it covers, so it has as much to give as there are regions
in which its feature was used. ``up_to`` is where it ends among the commits of one meter.
"""

HOURS: Final = f"""
hourly_use AS (
    SELECT addendum_id, feature_id, region_id, for_date, sum(round(used / unit_size, 12)) AS used
    FROM ({{used}}) AS told
    GROUP BY addendum_id, feature_id, region_id, for_date
), hourly_fees AS (
    SELECT billed.* FROM billed JOIN measured USING (plan_id, feature_id)
    WHERE kind = '{ExpenseKind.FEE}' AND calc_rule_type = '{CalcRuleType.COMMIT_HOURLY}'
), hourly_spans AS (
    SELECT fee.id, use.region_id, use.used, fee.usage AS quantity,
        sum(fee.usage) OVER (
            PARTITION BY addendum_id, feature_id, for_date, use.region_id
            ORDER BY fee.plan_item_id, fee.id
        ) AS up_to
    FROM hourly_fees AS fee JOIN hourly_use AS use USING (addendum_id, feature_id, for_date)
    WHERE {_covers("fee", "use")}
), hourly_capacities AS (
    SELECT id, count(*) AS regions, sum(quantity) AS capacity FROM hourly_spans GROUP BY id
), hourly_shares AS MATERIALIZED (
    SELECT id, region_id, part, capacity,
        sum(part) OVER (PARTITION BY id ORDER BY region_id) AS part_to
    FROM (
        SELECT id, region_id, least(used, up_to) - (up_to - quantity) AS part FROM hourly_spans
        WHERE used > up_to - quantity AND quantity > 0
    ) AS used_parts
    JOIN hourly_capacities USING (id)
)"""  # noqa: S608  ours alone
"""The same for hourly commits, of which each day's fee is a commit of its own.

``used`` is what the lake tells of the hours: the ledger has what exceeds them.
"""


def _share(fee: str) -> str:
    """A use's share of a fee; the shares and the rest add up to the fee to the last digit."""
    return f"round({fee} * part_to / capacity, 12) - round({fee} * (part_to - part) / capacity, 12)"


USED_ROWS: Final = f"""
SELECT {RowKind.USED:d}, billed.for_date, billed.id, {{owner}}, billed.invoice_id,
    billed.addendum_id, commits.plan_item_id, billed.product_id, billed.feature_id,
    billed.region_id, billed.unit_id, billed.period_start, billed.period_end, NULL::numeric,
    part, {_share("list_fee")}, {_share("fee")}, 0, {_share("fee")}, commits.plan_item_id, part
FROM shares
JOIN billed ON billed.id = shares.id
JOIN commits ON (commits.addendum_id, commits.plan_item_id)
    = (shares.addendum_id, shares.plan_item_id)
JOIN capacities ON (capacities.addendum_id, capacities.plan_item_id)
    = (shares.addendum_id, shares.plan_item_id)""".replace(  # noqa: S608  ours alone
    "{owner}", ", ".join(f"billed.{name}" for name in OWNER.split(", "))
)

UNMEASURED_ROWS: Final = f"""
SELECT {RowKind.USED:d}, for_date, id, {OWNER}, invoice_id, addendum_id, plan_item_id, product_id,
    feature_id, region_id, unit_id, period_start, period_end, NULL::numeric, usage, list_value,
    money_value, 0, money_value, plan_item_id, usage
FROM billed
WHERE kind = '{ExpenseKind.FEE}' AND (addendum_id, plan_item_id) NOT IN (
    SELECT addendum_id, plan_item_id FROM measured_commits
) AND id NOT IN (SELECT id FROM hourly_fees)"""  # noqa: S608  ours alone
"""Commits of what nothing measures are used whole, when they are owed."""

HOURLY_USED_ROWS: Final = f"""
SELECT {RowKind.USED:d}, for_date, id, {OWNER}, invoice_id, addendum_id, plan_item_id, product_id,
    feature_id, share.region_id, unit_id, period_start, period_end, NULL::numeric, part,
    {_share("list_value")}, {_share("money_value")}, 0, {_share("money_value")}, plan_item_id, part
FROM hourly_shares AS share JOIN hourly_fees USING (id)"""  # noqa: S608  ours alone
HOURLY_UNUSED_ROWS: Final = f"""
SELECT {RowKind.UNUSED:d}, for_date, id, {OWNER}, invoice_id, addendum_id, plan_item_id,
    product_id, feature_id, region_id, unit_id, period_start, period_end, NULL::numeric, rest,
    list_value - list_given, money_value - given, 0, money_value - given, plan_item_id, rest
FROM (
    SELECT fee.*, coalesce(capacity, usage) - coalesce(part, 0) AS rest,
        CASE WHEN capacity > 0 THEN round(money_value * coalesce(part, 0) / capacity, 12) ELSE 0 END
            AS given,
        CASE WHEN capacity > 0 THEN round(list_value * coalesce(part, 0) / capacity, 12) ELSE 0 END
            AS list_given
    FROM hourly_fees AS fee
    LEFT JOIN hourly_capacities USING (id)
    LEFT JOIN (SELECT id, sum(part) AS part FROM hourly_shares GROUP BY id) AS given USING (id)
) AS used
WHERE rest > 0 OR money_value <> given OR list_value <> list_given"""  # noqa: S608  ours alone

UNUSED_ROWS: Final = f"""
SELECT {RowKind.UNUSED:d} AS row_kind, {{last_day}} AS for_date, NULL::bigint AS id, {OWNER},
    invoice_id, addendum_id, plan_item_id, product_id, feature_id, NULL::int AS region_id, unit_id,
    period_start, period_end, NULL::numeric AS tax_rate, rest AS quantity,
    list_fee - list_given AS list_value, fee - given AS contracted_value, 0 AS billed_value,
    fee - given AS effective_value, plan_item_id AS commit_item_id, rest AS commit_quantity
FROM (
    SELECT commits.*, coalesce(capacity, quantity) - coalesce(part, 0) AS rest,
        CASE WHEN capacity > 0 THEN round(fee * coalesce(part, 0) / capacity, 12) ELSE 0 END
            AS given,
        CASE WHEN capacity > 0 THEN round(list_fee * coalesce(part, 0) / capacity, 12) ELSE 0 END
            AS list_given
    FROM measured_commits AS commits
    LEFT JOIN capacities USING (addendum_id, plan_item_id)
    LEFT JOIN (
        SELECT addendum_id, plan_item_id, sum(part) AS part FROM shares
        GROUP BY addendum_id, plan_item_id
    ) AS given USING (addendum_id, plan_item_id)
) AS used
WHERE rest > 0 OR fee <> given OR list_fee <> list_given"""  # noqa: S608  ours alone
