"""The ledger of one month: live expenses, and which invoices bill them."""

from typing import Final

from tollbook.invoicing.rules import MoveType

ITEM: Final = (
    "client_id, currency_id, payer_id, addendum_id, plan_item_id, unit_id, kind, charge_month,"
    " tax_rate"
)
"""What expenses have in common that are billed in one item."""
OWNER: Final = "reseller_id, client_id, payer_id, currency_id"
METER: Final = "addendum_id, feature_id, region_id, unit_id"

LEDGER: Final = f"""
live AS MATERIALIZED (
    SELECT *, money_value + discount_value AS list_value,
        date_trunc('month', period_start AT TIME ZONE 'UTC')::date AS charge_month
    FROM ({{expenses}}) AS expense
), own_invoices AS (
    {{invoices}}
), items AS MATERIALIZED (
    SELECT {ITEM}, invoice_id, sum(amount * sign) AS amount
    FROM (
        SELECT id, client_id, currency_id, payer_id,
            CASE move_type WHEN '{MoveType.OUT_REFUND}' THEN -1 ELSE 1 END AS sign
        FROM own_invoices
    ) AS invoice
    JOIN invoicing_invoiceitem AS item ON item.invoice_id = invoice.id
        AND item.invoice_id = ANY (ARRAY(SELECT id FROM own_invoices)) AND NOT is_rounding
    GROUP BY {ITEM}, invoice_id
), billing AS (
    SELECT {ITEM}, max(invoice_id) AS invoice_id FROM items GROUP BY {ITEM}
), billed AS MATERIALIZED (
    SELECT live.*, billing.invoice_id FROM live LEFT JOIN billing USING ({ITEM})
)"""  # noqa: S608  ours alone
"""Live expenses with the last invoice that bills them."""
