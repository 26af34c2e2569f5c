"""What a look at the month's books finds before they are closed: errors and warnings by client.

An error keeps the client from being closed; a warning is there to be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from django.db import connection

from tollbook.catalog.rules import CalcRuleType
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.periods import DateRange, month_start

FEES: Final = (CalcRuleType.COMMIT, CalcRuleType.COMMIT_HOURLY)
_SHOWN_DAYS: Final = 5

_UNKNOWN_PRICES: Final = """
SELECT DISTINCT addendum.client_id, item.id, plan.name, currency.char_code
FROM contracts_subscription AS subscription
JOIN contracts_addendum AS addendum ON addendum.id = subscription.addendum_id
JOIN clients_client AS client ON client.id = addendum.client_id
JOIN catalog_planitem AS item ON item.id = subscription.plan_item_id
JOIN catalog_plan AS plan ON plan.id = item.plan_id
JOIN catalog_currency AS currency ON currency.id = addendum.currency_id
LEFT JOIN catalog_price AS price
    ON price.plan_item_id = item.id AND price.currency_id = addendum.currency_id
WHERE client.reseller_id = %(reseller)s AND price.id IS NULL
    AND subscription.active_from < %(end)s
    AND (subscription.active_to IS NULL OR subscription.active_to > %(start)s)
    AND (addendum.active_to IS NULL OR addendum.active_to > %(start)s)
ORDER BY addendum.client_id, item.id
"""
_MISSING_DAYS: Final = """
WITH active AS (
    SELECT addendum.client_id,
        greatest(min(subscription.active_from AT TIME ZONE 'UTC')::date + 1, %(start)s) AS first,
        least(max(coalesce(least(subscription.active_to, addendum.active_to), 'infinity')
            AT TIME ZONE 'UTC')::date, %(end)s) AS last
    FROM contracts_subscription AS subscription
    JOIN contracts_addendum AS addendum ON addendum.id = subscription.addendum_id
    JOIN clients_client AS client ON client.id = addendum.client_id
    JOIN catalog_planitem AS item ON item.id = subscription.plan_item_id
    JOIN catalog_calcrule AS rule ON rule.id = item.calc_rule_id
    WHERE client.reseller_id = %(reseller)s AND NOT rule.rule_type = ANY(%(fees)s)
        AND subscription.active_from < %(end)s
        AND (subscription.active_to IS NULL OR subscription.active_to > %(start)s)
    GROUP BY addendum.client_id
), used AS (
    SELECT DISTINCT client_id, for_date FROM expenses_expense
    WHERE reseller_id = %(reseller)s AND for_date >= %(before)s AND for_date < %(end)s
        AND kind = %(usage)s AND NOT deleted
)
SELECT active.client_id, array_agg(day::date ORDER BY day)
FROM active
CROSS JOIN generate_series(%(start)s::date, %(end)s::date - 1, interval '1 day') AS day
LEFT JOIN used ON used.client_id = active.client_id AND used.for_date = day::date
WHERE day::date >= active.first AND day::date < active.last AND used.for_date IS NULL
    AND active.client_id IN (SELECT client_id FROM used)
GROUP BY active.client_id
ORDER BY active.client_id
"""
_NEGATIVE: Final = """
SELECT client_id, char_code, sum(money_value)
FROM expenses_expense JOIN catalog_currency AS currency ON currency.id = currency_id
WHERE reseller_id = %(reseller)s AND for_date >= %(start)s AND for_date < %(end)s AND NOT deleted
GROUP BY client_id, char_code HAVING sum(money_value) < 0
ORDER BY client_id, char_code
"""


class Severity(StrEnum):
    """What a finding means for the closing of its client."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that was found in a client's month."""

    client_id: int
    severity: Severity
    code: str
    message: str

    def note(self) -> dict[str, Any]:
        """The entry of ``processing_notes``."""
        return {
            "code": self.code,
            "client_id": self.client_id,
            "message": f"client {self.client_id}: {self.message}",
            "retryable": self.severity is Severity.ERROR,
        }


def trial_balance(*, reseller_id: int, month: DateRange) -> list[Finding]:
    """What the month's contracts and expenses show, as they are rated now; by kind and client."""
    return [
        *_unknown_prices(reseller_id, month),
        *_missing_days(reseller_id, month),
        *_negative_totals(reseller_id, month),
    ]


def _unknown_prices(reseller_id: int, month: DateRange) -> Iterator[Finding]:
    for client_id, item_id, plan, currency in _rows(_UNKNOWN_PRICES, reseller_id, month):
        message = f"plan item {item_id} of {plan} has no price in {currency}"
        yield Finding(client_id, Severity.ERROR, "unknown_price", message)


def _missing_days(reseller_id: int, month: DateRange) -> Iterator[Finding]:
    days: list[date]
    for client_id, days in _rows(_MISSING_DAYS, reseller_id, month):
        shown = ", ".join(day.isoformat() for day in days[:_SHOWN_DAYS])
        more = f" and {len(days) - _SHOWN_DAYS} more" if len(days) > _SHOWN_DAYS else ""
        message = f"no usage on {len(days)} days: {shown}{more}"
        yield Finding(client_id, Severity.WARNING, "missing_days", message)


def _negative_totals(reseller_id: int, month: DateRange) -> Iterator[Finding]:
    amount: Decimal
    for client_id, currency, amount in _rows(_NEGATIVE, reseller_id, month):
        message = f"the month sums to {amount:f} {currency}: it becomes a refund"
        yield Finding(client_id, Severity.WARNING, "negative_total", message)


def _rows(statement: str, reseller_id: int, month: DateRange) -> list[Any]:
    values: dict[str, Any] = {
        "reseller": reseller_id,
        "start": month.start,
        "end": month.end,
        "before": month_start(month.start - timedelta(days=1)),
        "fees": [rule.value for rule in FEES],
        "usage": ExpenseKind.USAGE.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
