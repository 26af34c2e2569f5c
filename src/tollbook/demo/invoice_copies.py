"""Invoices of the copies of a larger book; their documents stay with the first."""

from typing import Final

from django.db import connection
from django.db.models import Max

from tollbook.demo.copies import BaseBook
from tollbook.invoicing.models import Invoice, InvoiceItem

_INVOICES: Final = """
INSERT INTO invoicing_invoice (id, reseller_id, client_id, payer_id, currency_id, month, revision,
    reference, move_type, invoice_date, number, expenses_amount, amount_untaxed, amount_tax,
    amount_total, created_at)
SELECT id + copy * %(invoice)s, reseller_id, client_id + copy * %(client)s,
    payer_id + copy * %(payer)s, currency_id, month, revision,
    concat_ws('/', to_char(month, 'YYYY-MM'), client_id + copy * %(client)s, currency_id,
        payer_id + copy * %(payer)s, revision),
    move_type, invoice_date, '', expenses_amount, amount_untaxed, amount_tax, amount_total,
    created_at
FROM invoicing_invoice CROSS JOIN generate_series(1, %(copies)s) AS copy
"""
_ITEMS: Final = """
INSERT INTO invoicing_invoiceitem (id, invoice_id, position, addendum_id, plan_item_id, unit_id,
    kind, charge_month, name, quantity, amount, printed_amount, tax_rate, is_rounding)
SELECT id + copy * %(item)s, invoice_id + copy * %(invoice)s, position,
    addendum_id + copy * %(addendum)s, plan_item_id, unit_id, kind, charge_month, name, quantity,
    amount, printed_amount, tax_rate, is_rounding
FROM invoicing_invoiceitem CROSS JOIN generate_series(1, %(copies)s) AS copy
"""


def copy_invoices(base: BaseBook, scale: int) -> None:
    """Bill the copies of the book's clients as the clients are billed."""
    if scale == 1:
        return
    shifts = base.shifts(1)
    values = {
        "copies": scale - 1,
        "invoice": Invoice.objects.aggregate(last=Max("id"))["last"],
        "item": InvoiceItem.objects.aggregate(last=Max("id"))["last"],
        **{name: shifts[f"{name}_id"] for name in ("client", "payer", "addendum")},
    }
    with connection.cursor() as cursor:
        cursor.execute(_INVOICES, values)
        cursor.execute(_ITEMS, values)
