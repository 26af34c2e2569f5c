"""What a month's closing came to, client by client: expenses on one side, invoices on the other."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection

from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.rules import MoveType
from tollbook.kernel.periods import DateRange

_SUMMARY: Final = """
WITH spent AS (
    SELECT client_id, currency_id, payer_id,
        sum(money_value) FILTER (WHERE kind <> %(credit_kind)s) AS expenses,
        sum(money_value) FILTER (WHERE kind = %(credit_kind)s) AS credit
    FROM expenses_expense
    WHERE reseller_id = %(reseller)s AND for_date >= %(start)s AND for_date < %(end)s
        AND NOT deleted
    GROUP BY client_id, currency_id, payer_id
), billed AS (
    SELECT client_id, currency_id, payer_id,
        sum((amount_untaxed - expenses_amount) * sign) AS rounding,
        sum(amount_untaxed * sign) AS untaxed,
        sum(amount_tax * sign) AS tax,
        sum(amount_total * sign) AS total,
        string_agg(reference, ', ' ORDER BY revision) AS invoices
    FROM (
        SELECT *, CASE move_type WHEN %(refund)s THEN -1 ELSE 1 END AS sign
        FROM invoicing_invoice
        WHERE reseller_id = %(reseller)s AND month = %(start)s
    ) AS invoice
    GROUP BY client_id, currency_id, payer_id
)
SELECT client_id, company_name, char_code, both_sides.payer_id,
    coalesce(expenses, 0), coalesce(credit, 0), coalesce(rounding, 0),
    coalesce(untaxed, 0), coalesce(tax, 0), coalesce(total, 0),
    coalesce(invoices, '')
FROM (spent FULL JOIN billed USING (client_id, currency_id, payer_id)) AS both_sides
JOIN clients_client AS client ON client.id = client_id
JOIN catalog_currency AS currency ON currency.id = currency_id
WHERE %(clients)s::int[] IS NULL OR client_id = ANY(%(clients)s::int[])
ORDER BY client_id, char_code, both_sides.payer_id
"""
_EMPTY: Final = """
SELECT DISTINCT client.id, company_name, coalesce(char_code, '') AS char_code, client.payer_id,
    0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, ''
FROM clients_client AS client
LEFT JOIN contracts_addendum AS addendum ON addendum.client_id = client.id
LEFT JOIN catalog_currency AS currency ON currency.id = addendum.currency_id
WHERE client.id = ANY(%s)
ORDER BY 1, 3
"""


class SummaryRow(NamedTuple):
    """One client, currency and payer; a refund's amounts are negative here.

    Where the month is closed, ``expenses + credit + rounding == untaxed``.
    """

    client_id: int
    company_name: str
    currency: str
    payer_id: int
    expenses: Decimal
    credit: Decimal
    rounding: Decimal
    untaxed: Decimal
    tax: Decimal
    total: Decimal
    invoices: str


def closing_summary(
    *, reseller_id: int, month: DateRange, client_ids: Collection[int] | None = None
) -> list[SummaryRow]:
    """The rows of the month, by client; of ``client_ids`` if given."""
    values: dict[str, Any] = {
        "reseller": reseller_id,
        "start": month.start,
        "end": month.end,
        "credit_kind": ExpenseKind.CREDIT.value,
        "refund": MoveType.OUT_REFUND.value,
        "clients": None if client_ids is None else list(client_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMMARY, values)
        return [SummaryRow._make(row) for row in cursor.fetchall()]


def empty_rows(client_ids: Collection[int]) -> list[SummaryRow]:
    """Rows of clients whose month came to nothing, one for each currency of their contracts."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, [list(client_ids)])
        return [SummaryRow._make(row) for row in cursor.fetchall()]
