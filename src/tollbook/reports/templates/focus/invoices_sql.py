"""What an invoice of a month says as a whole: its tax, its rounding, and what was rated anew."""

from typing import Final

from tollbook.invoicing.rules import MoveType
from tollbook.reports.templates.focus.ledger_sql import ITEM
from tollbook.reports.templates.focus.terms import RowKind

INVOICED: Final = f"""
balances AS (
    SELECT client_id, currency_id, payer_id, tax_rate, items.invoice_id,
        items.amount - CASE items.invoice_id WHEN billing.invoice_id
            THEN coalesce(spent.amount, 0) ELSE 0 END AS amount
    FROM items JOIN billing USING ({ITEM})
    LEFT JOIN (SELECT {ITEM}, sum(money_value) AS amount FROM live GROUP BY {ITEM}) AS spent
        USING ({ITEM})
    UNION ALL
    SELECT client_id, currency_id, payer_id, tax_rate, NULL,
        coalesce(spent.amount, 0) - items.amount
    FROM (SELECT {ITEM}, sum(amount) AS amount FROM items GROUP BY {ITEM}) AS items
    LEFT JOIN (SELECT {ITEM}, sum(money_value) AS amount FROM live GROUP BY {ITEM}) AS spent
        USING ({ITEM})
), moved AS (
    SELECT client_id, currency_id, payer_id, tax_rate, invoice_id, sum(amount) AS amount
    FROM balances GROUP BY client_id, currency_id, payer_id, tax_rate, invoice_id
    HAVING sum(amount) <> 0
), invoice_taxes AS (
    SELECT client_id, currency_id, payer_id, invoice_id, tax_rate, sum(amount) AS base
    FROM items WHERE tax_rate <> 0
    GROUP BY client_id, currency_id, payer_id, invoice_id, tax_rate
), given_discounts AS (
    SELECT invoice_id, tax_rate, sum(list_value - money_value) AS discount
    FROM billed WHERE invoice_id IS NOT NULL GROUP BY invoice_id, tax_rate
)"""  # noqa: S608  ours alone
"""``moved`` is what re-rating moved between invoices, or out of them all where it is unbilled."""

_MONTH_ROW: Final = """
SELECT {kind} AS row_kind, {{last_day}} AS for_date, NULL::bigint AS id, client.reseller_id,
    client_id, told.payer_id, currency_id, invoice_id, NULL::int AS addendum_id,
    NULL::int AS plan_item_id, NULL::int AS product_id, NULL::int AS feature_id,
    NULL::int AS region_id, NULL::int AS unit_id, {{starts}} AS period_start,
    {{ends}} AS period_end, tax_rate, NULL::numeric AS quantity, list_value, contracted_value,
    billed_value, billed_value AS effective_value, NULL::int AS commit_item_id,
    NULL::numeric AS commit_quantity
FROM ({told}) AS told
JOIN clients_client AS client ON client.id = client_id
"""

BALANCE_ROWS: Final = _MONTH_ROW.format(
    kind=f"{RowKind.BALANCE:d}",
    told="""
    SELECT client_id, currency_id, payer_id, invoice_id, tax_rate, amount AS list_value,
        amount AS contracted_value, amount AS billed_value
    FROM moved""",
)
ROUNDING_ROWS: Final = _MONTH_ROW.format(
    kind=f"{RowKind.ROUNDING:d}",
    told=f"""
    SELECT client_id, currency_id, payer_id, invoice_id, NULL::numeric AS tax_rate,
        amount AS list_value, amount AS contracted_value, amount AS billed_value
    FROM (
        SELECT client_id, currency_id, payer_id, invoice.id AS invoice_id,
            amount * CASE move_type WHEN '{MoveType.OUT_REFUND}' THEN -1 ELSE 1 END AS amount
        FROM own_invoices AS invoice
        JOIN invoicing_invoiceitem AS item ON item.invoice_id = invoice.id
            AND item.invoice_id = ANY (ARRAY(SELECT id FROM own_invoices)) AND is_rounding
    ) AS rounding
    WHERE amount <> 0""",  # noqa: S608  ours alone
)
TAX_ROWS: Final = _MONTH_ROW.format(
    kind=f"{RowKind.TAX:d}",
    told="""
    SELECT client_id, currency_id, payer_id, invoice_id, tax_rate,
        round((base + coalesce(discount, 0)) * tax_rate / 100, 12) AS list_value,
        round(base * tax_rate / 100, 12) AS contracted_value,
        round(base * tax_rate / 100, minor_unit) AS billed_value
    FROM invoice_taxes
    JOIN catalog_currency AS currency ON currency.id = currency_id
    LEFT JOIN given_discounts USING (invoice_id, tax_rate)
    UNION ALL
    SELECT client_id, currency_id, payer_id, NULL, tax_rate,
        round(amount * tax_rate / 100, 12), round(amount * tax_rate / 100, 12),
        round(amount * tax_rate / 100, 12)
    FROM moved WHERE invoice_id IS NULL AND tax_rate <> 0""",
)
UNBILLED_TAX_ROWS: Final = _MONTH_ROW.format(
    kind=f"{RowKind.TAX:d}",
    told="""
    SELECT client_id, currency_id, payer_id, NULL::int AS invoice_id, tax_rate,
        round(sum(list_value) * tax_rate / 100, 12) AS list_value,
        sum(tax_value) AS contracted_value, sum(tax_value) AS billed_value
    FROM billed
    WHERE invoice_id IS NULL AND {within} AND (tax_rate <> 0 OR tax_value <> 0)
    GROUP BY client_id, currency_id, payer_id, tax_rate""",
)
"""What is not invoiced is taxed as the expenses are, without rounding, for the days asked for."""
