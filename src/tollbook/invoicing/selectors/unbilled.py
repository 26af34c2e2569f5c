"""What should be billed less what is billed: live expenses against the items of former invoices.

Both sides are added up by the same key, so that nothing is left when they agree; sums are exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from tollbook.invoicing.documents import Document, Group, ItemKey, documents_of
from tollbook.invoicing.rules import MoveType
from tollbook.kernel.periods import DateRange

_KEY: Final = (
    "client_id, currency_id, payer_id, addendum_id, plan_item_id, unit_id, kind, charge_month,"
    " tax_rate"
)
DIFFERENCES: Final = f"""
WITH should AS (
    SELECT {_KEY}, max(description) AS description, sum(usage) AS quantity,
        sum(money_value) AS amount
    FROM (
        SELECT *, date_trunc('month', period_start AT TIME ZONE 'UTC')::date AS charge_month
        FROM expenses_expense
        WHERE reseller_id = %(reseller)s AND for_date >= %(start)s AND for_date < %(end)s
            AND NOT deleted AND (%(client)s::int IS NULL OR client_id = %(client)s)
    ) AS live
    GROUP BY {_KEY}
), billed AS (
    SELECT {_KEY}, max(item.name) AS description, sum(quantity * sign) AS quantity,
        sum(amount * sign) AS amount
    FROM (
        SELECT id, client_id, currency_id, payer_id,
            CASE move_type WHEN %(refund)s THEN -1 ELSE 1 END AS sign
        FROM invoicing_invoice
        WHERE {{owner}} AND month = %(start)s
    ) AS invoice
    JOIN invoicing_invoiceitem AS item ON item.invoice_id = invoice.id AND NOT is_rounding
    GROUP BY {_KEY}
), differences AS (
    SELECT {_KEY}, coalesce(should.description, billed.description) AS description,
        coalesce(should.quantity, 0) - coalesce(billed.quantity, 0) AS quantity,
        coalesce(should.amount, 0) - coalesce(billed.amount, 0) AS amount,
        billed.amount IS NULL AS is_new
    FROM should FULL JOIN billed USING ({_KEY})
)
SELECT {{columns}} FROM differences
WHERE amount <> 0 OR quantity <> 0 OR is_new
"""  # noqa: S608  names of columns alone
RESELLERS: Final = "reseller_id = %(reseller)s"
CLIENTS: Final = "client_id = %(client)s"
"""Whose invoices are looked at: by the one index, where statistics know nothing of them yet."""

_COLUMNS: Final = (
    "currency_id, payer_id, addendum_id, plan_item_id, unit_id, kind, charge_month, tax_rate,"
    " description, quantity, amount"
)
_ABOUT: Final = """, (
    SELECT minor_unit FROM catalog_currency WHERE id = currency_id
), (
    SELECT coalesce(max(revision), 0) + 1 FROM invoicing_invoice AS former
    WHERE (former.client_id, former.month) = (%(client)s, %(start)s)
        AND former.currency_id = differences.currency_id
        AND former.payer_id = differences.payer_id
)"""


@dataclass(frozen=True)
class Unbilled:
    """What is to be billed to one payer in one currency; ``revision`` is of the next invoice."""

    currency_id: int
    payer_id: int
    minor_unit: int
    revision: int
    groups: tuple[Group, ...]

    def documents(self) -> Sequence[Document]:
        """What it is billed by."""
        return documents_of(self.groups, minor_unit=self.minor_unit)


def unbilled_of(*, reseller_id: int, client_id: int, month: DateRange) -> list[Unbilled]:
    """What the client's live expenses of the month say and no invoice yet, by payer and currency.

    Expenses that cost nothing are part of it as long as no item holds them.
    """
    statement = (
        DIFFERENCES.format(columns=_COLUMNS + _ABOUT, owner=CLIENTS) + " ORDER BY " + _COLUMNS
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, difference_values(reseller_id, month, client_id))
        rows = cursor.fetchall()
    found: dict[tuple[int, int, int, int], list[Group]] = {}
    for currency_id, payer_id, *key, description, quantity, amount, minor_unit, revision in rows:
        group = Group(ItemKey(*key), description, quantity, amount)
        found.setdefault((currency_id, payer_id, minor_unit, revision), []).append(group)
    return [Unbilled(*payer, tuple(groups)) for payer, groups in found.items()]


def difference_values(
    reseller_id: int, month: DateRange, client_id: int | None = None
) -> Mapping[str, Any]:
    """The values that ``DIFFERENCES`` takes; no client is all of them."""
    return {
        "reseller": reseller_id,
        "client": client_id,
        "start": month.start,
        "end": month.end,
        "refund": MoveType.OUT_REFUND.value,
    }
