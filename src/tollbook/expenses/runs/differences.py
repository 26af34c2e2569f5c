"""What should be beside what is there, by identity; only what differs is written.

All of it is SQL in one transaction: the rows that should be came by COPY, and none of them comes
back into this process.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

import pyarrow as pa
from django.db import connection

from tollbook.expenses.runs.summary import RatingSummary
from tollbook.expenses.runs.unmeasured import leave_unmeasured
from tollbook.kernel.periods import DateRange


class Posted(Enum):
    """What a run compares with: its month, or its corrections of a closed one."""

    MONTH = "month"
    CORRECTIONS = "corrections"


_IDENTITY: Final = ("addendum_id", "plan_item_id", "region_id", "for_date", "kind", "corrected")
_CORRECTED: Final = "CASE WHEN kind = 'correction' THEN period_start ELSE '-infinity' END"
"""Of corrections the period is part of what they are: a day may correct many others."""

_NAMED: Final = {
    "usage": ("usage",),
    "period": ("period_start", "period_end"),
    "discount": ("discount_id",),
    "tax rate": ("tax_rate",),
    "payer": ("payer_id", "reseller_id"),
    "contract": ("subscription_id", "currency_id", "calc_rule_type", "unit_id"),
}
"""What a reason says of the columns in which two revisions differ."""

_AMOUNTS: Final = ("money_value", "discount_value", "tax_value")
_KEYS: Final = ", ".join(_IDENTITY)

_SHOULD_BE: Final = f"""
SELECT {_KEYS}, max(line_id) AS subscription_id, min(reseller_id) AS reseller_id,
    min(client_id) AS client_id, min(payer_id) AS payer_id, min(plan_id) AS plan_id,
    min(product_id) AS product_id, min(product_category_id) AS product_category_id,
    min(feature_id) AS feature_id, min(metric_id) AS metric_id, min(unit_id) AS unit_id,
    min(currency_id) AS currency_id, min(calc_rule_type) AS calc_rule_type,
    min(description) AS description, min(period_start) AS period_start,
    max(period_end) AS period_end, sum(usage)::numeric(38, 12) AS usage,
    min(discount_id) AS discount_id, sum(money_value)::numeric(38, 12) AS money_value,
    sum(discount_value)::numeric(38, 12) AS discount_value, min(tax_rate) AS tax_rate,
    sum(tax_value)::numeric(38, 12) AS tax_value
FROM (
    SELECT due.*, {_CORRECTED} AS corrected, a.id AS addendum_id, i.id AS plan_item_id,
        c.reseller_id, a.client_id, c.payer_id, a.plan_id, plan.product_id,
        product.category_id AS product_category_id, i.feature_id,
        feature.metric_id, i.unit_id, a.currency_id, rule.rule_type AS calc_rule_type,
        left(plan.name || ': ' || feature.name, 1000) AS description
    FROM expenses_due due
    JOIN contracts_subscription s ON s.id = due.line_id
    JOIN contracts_addendum a ON a.id = s.addendum_id
    JOIN clients_client c ON c.id = a.client_id
    JOIN catalog_planitem i ON i.id = s.plan_item_id
    JOIN catalog_plan plan ON plan.id = a.plan_id
    JOIN catalog_product product ON product.id = plan.product_id
    JOIN catalog_feature feature ON feature.id = i.feature_id
    JOIN catalog_calcrule rule ON rule.id = i.calc_rule_id
    WHERE due.usage <> 0 OR due.money_value <> 0 OR due.discount_value <> 0
) AS lines
GROUP BY {_KEYS}
"""  # noqa: S608
"""Lines of one addendum for one plan item that follow each other in a day are one expense."""

_OWN: Final = {
    Posted.MONTH: "kind IN ('usage', 'fee')",
    Posted.CORRECTIONS: """kind = 'correction' AND id IN (
        SELECT expense_id FROM expenses_ratedcorrection WHERE month = %(corrected)s
    )""",
}
_THERE: Final = f"""
SELECT *, {_CORRECTED} AS corrected FROM expenses_expense
WHERE for_date >= %(start)s AND for_date < %(end)s AND client_id = ANY(%(clients)s) AND {{own}}
"""  # noqa: S608


def _differ(columns: Iterable[str]) -> str:
    return " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in columns)


_OTHER_PERCENT: Final = """
    old.discount_value <> new.discount_value
    AND old.money_value + old.discount_value = new.money_value + new.discount_value
"""
_DIFFERENCES: Final = {
    name: _differ(columns) + (f" OR {_OTHER_PERCENT}" if name == "discount" else "")
    for name, columns in _NAMED.items()
}
_WHAT: Final = "concat_ws(', ', {})".format(
    ", ".join(f"CASE WHEN {differs} THEN '{name}' END" for name, differs in _DIFFERENCES.items())
)
_DIFFERS: Final = " OR ".join((*_DIFFERENCES.values(), _differ(_AMOUNTS)))
_COMPARE: Final = f"""
CREATE TEMPORARY TABLE expenses_changes ON COMMIT DROP AS
WITH new AS ({_SHOULD_BE}), there AS ({{there}}),
old AS (SELECT * FROM there WHERE NOT deleted),
latest AS (SELECT {_KEYS}, max(revision) AS revision FROM there GROUP BY {_KEYS})
SELECT old.id AS old_id, old.for_date AS old_for_date, old.comment,
    coalesce(latest.revision, 0) + 1 AS revision, new.addendum_id IS NULL AS removed,
    CASE WHEN new.addendum_id IS NULL THEN 'nothing is owed any more'
        ELSE coalesce(nullif({_WHAT}, ''), 'amount') || ' changed' END AS what,
    new.*
FROM new FULL JOIN old USING ({_KEYS}) LEFT JOIN latest USING ({_KEYS})
WHERE old.id IS NULL OR new.addendum_id IS NULL OR {_DIFFERS}
"""  # noqa: S608
_COUNT: Final = """
SELECT count(*) FILTER (WHERE old_id IS NULL),
    count(*) FILTER (WHERE old_id IS NOT NULL AND NOT removed), count(*) FILTER (WHERE removed),
    (SELECT count(*) FROM ({there}) AS there WHERE NOT deleted)
FROM expenses_changes
"""
_MARK: Final = """
UPDATE expenses_expense AS expense SET deleted = true,
    reason = left(%(reason)s || ' (' || changes.what || ')', 1000)
FROM expenses_changes AS changes
WHERE expense.id = changes.old_id AND expense.for_date = changes.old_for_date
    AND expense.for_date >= %(start)s AND expense.for_date < %(end)s
"""
_COPIED: Final = """
    reseller_id, client_id, payer_id, addendum_id, subscription_id, plan_id, plan_item_id,
    product_id, product_category_id, feature_id, metric_id, region_id, unit_id, currency_id,
    discount_id, calc_rule_type, kind, revision, for_date, period_start, period_end, usage,
    money_value, discount_value, tax_rate, tax_value, comment, description
"""
_WRITE: Final = f"""
WITH written AS (
    INSERT INTO expenses_expense ({_COPIED}, reason, created_at)
    SELECT {_COPIED}, CASE WHEN kind = 'correction' THEN %(reason)s END, %(now)s
    FROM expenses_changes WHERE NOT removed
    ORDER BY for_date, addendum_id, plan_item_id, region_id, kind, period_start
    RETURNING id, reseller_id, kind
)
INSERT INTO expenses_ratedcorrection (expense_id, reseller_id, month)
SELECT id, reseller_id, %(corrected)s FROM written WHERE kind = 'correction'
"""  # noqa: S608


def compare(
    days: DateRange,
    client_ids: Collection[int],
    *,
    posted: Posted = Posted.MONTH,
    corrected: date | None = None,
    measured: Callable[[], Iterable[pa.RecordBatch]] = lambda: (),
) -> RatingSummary:
    """Set what is due beside the live rows of ``days`` that rating wrote; nothing is written.

    Of corrections only those of the closed month ``corrected``. Usage expenses are taken out only
    where ``measured`` (``MEASURED_SCHEMA``) has usage: others did not come from there.
    """
    asked: dict[str, Any] = {
        "start": days.start,
        "end": days.end,
        "clients": sorted(client_ids),
        "corrected": corrected,
    }
    there = _THERE.format(own=_OWN[posted])
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE.format(there=there), asked)
        leave_unmeasured(days, measured)
        cursor.execute(_COUNT.format(there=there), asked)
        ((added, replaced, removed, live),) = cursor.fetchall()
    unchanged = live - replaced - removed
    return RatingSummary(added=added, replaced=replaced, removed=removed, unchanged=unchanged)


def write_changes(
    days: DateRange, *, reason: str, now: datetime, corrected: date | None = None
) -> None:
    """Mark what was compared and differs as deleted, and write the new revisions.

    A person's comment goes on to the new revision. ``corrected`` is the closed month that
    corrections among them are for.
    """
    asked: dict[str, Any] = {
        "start": days.start,
        "end": days.end,
        "reason": reason,
        "now": now,
        "corrected": corrected,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARK, asked)
        cursor.execute(_WRITE, asked)
