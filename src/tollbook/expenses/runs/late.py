"""Usage of a closed month that came late: what should have been billed beyond what was.

Only quantities are set beside each other. A closed month keeps its prices: where nothing came
late nothing is corrected, whatever has changed in the contracts since.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from tollbook.kernel.periods import DateRange

_LATE: Final = """
WITH due AS (
    SELECT max(due.line_id) AS line_id, s.addendum_id, s.plan_item_id, item.feature_id,
        item.unit_size, due.region_id, due.for_date, min(due.period_start) AS period_start,
        max(due.period_end) AS period_end, sum(due.usage) AS usage
    FROM expenses_due due
    JOIN contracts_subscription s ON s.id = due.line_id
    JOIN contracts_addendum addendum ON addendum.id = s.addendum_id
    JOIN catalog_planitem item ON item.id = s.plan_item_id
    JOIN expenses_late_meter late ON late.client_id = addendum.client_id
        AND late.feature_id = item.feature_id AND late.region_id = due.region_id
        AND due.for_date >= late.first
    GROUP BY s.addendum_id, s.plan_item_id, item.feature_id, item.unit_size, due.region_id,
        due.for_date
), posted AS (
    SELECT addendum_id, plan_item_id, region_id, for_date AS day, usage FROM expenses_expense
    WHERE for_date >= %(start)s AND for_date < %(end)s AND kind = 'usage' AND NOT deleted
        AND client_id = ANY(%(clients)s)
    UNION ALL
    SELECT addendum_id, plan_item_id, region_id, (period_start AT TIME ZONE 'UTC')::date, usage
    FROM expenses_expense JOIN expenses_ratedcorrection rated ON rated.expense_id = id
    WHERE rated.month = %(start)s AND for_date >= %(end)s AND for_date < %(target)s
        AND kind = 'correction' AND NOT deleted AND client_id = ANY(%(clients)s)
), billed AS (
    SELECT addendum_id, plan_item_id, region_id, day AS for_date, sum(usage) AS usage
    FROM posted GROUP BY 1, 2, 3, 4
), meters AS (
    SELECT addendum_id, item.feature_id, item.unit_size, region_id, sum(usage) AS usage
    FROM posted JOIN catalog_planitem item ON item.id = plan_item_id GROUP BY 1, 2, 3, 4
)
SELECT due.line_id, due.region_id, due.period_start, due.period_end,
    due.usage - coalesce(billed.usage, 0), coalesce(meters.usage, 0)
FROM due
LEFT JOIN billed USING (addendum_id, plan_item_id, region_id, for_date)
LEFT JOIN meters USING (addendum_id, feature_id, unit_size, region_id)
WHERE due.usage <> coalesce(billed.usage, 0)
ORDER BY due.addendum_id, due.feature_id, due.unit_size, due.region_id, due.period_start,
    due.plan_item_id
"""


@dataclass(frozen=True)
class LateUsage:
    """Units of one day that were not billed, or too many that were."""

    line_id: int
    region_id: int
    period_start: datetime
    period_end: datetime
    usage: Decimal
    billed_in_month: Decimal
    """Units of its meter that were billed before, in the whole month."""


def late_usage(month: DateRange, target: date, client_ids: Collection[int]) -> list[LateUsage]:
    """What is due of ``month`` and was not billed before the month ``target``.

    Only on the meters of :func:`put_late_meters`, and from their days on; meter by meter, in time.
    """
    asked: dict[str, Any] = {
        "start": month.start,
        "end": month.end,
        "target": target,
        "clients": sorted(client_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LATE, asked)
        rows = cursor.fetchall()
    return [LateUsage(*row) for row in rows]
