"""Invoices → documents of the local ERP: a number, dates, and the lines that are printed."""

from datetime import timedelta
from typing import Final

from tollbook.erp.local.numbers import next_number
from tollbook.erp.models import ErpInvoice, ErpInvoiceLine
from tollbook.erp.rules import MoveType, payment_state
from tollbook.invoicing.models import Invoice, InvoiceItem
from tollbook.kernel.periods import next_month

PAYMENT_DAYS: Final = timedelta(days=30)
"""How long a payer has; a refund is due at once."""
_LONGEST_NAME: Final = 500


def post_locally(invoice: Invoice) -> ErpInvoice:
    """The document that stands for the invoice; made where there is none."""
    there = ErpInvoice.objects.filter(invoice_id=invoice.pk).first()
    return there or _post(invoice)


def _post(invoice: Invoice) -> ErpInvoice:
    move_type = MoveType(invoice.move_type)
    number, printed_on = next_number(
        reseller_id=invoice.reseller_id, move_type=move_type, dated=invoice.invoice_date
    )
    takes = PAYMENT_DAYS if move_type is MoveType.OUT_INVOICE else timedelta()
    state = payment_state(invoice.amount_total, ())
    document = ErpInvoice.objects.create(
        reseller_id=invoice.reseller_id,
        client_id=invoice.client_id,
        payer_id=invoice.payer_id,
        currency_id=invoice.currency_id,
        name=number,
        move_type=move_type,
        invoice_date=printed_on,
        invoice_date_due=printed_on + takes,
        billing_period_from=invoice.month,
        billing_period_to=next_month(invoice.month) - timedelta(days=1),
        amount_untaxed=invoice.amount_untaxed,
        amount_tax=invoice.amount_tax,
        amount_total=invoice.amount_total,
        payment_state=state,
        erp_payment_state=state,
        invoice_id=invoice.pk,
    )
    items = invoice.items.select_related("unit").order_by("position")
    printed = [item for item in items if _is_printed(item)]
    ErpInvoiceLine.objects.bulk_create(
        _line(document, position, item) for position, item in enumerate(printed, start=1)
    )
    return document


def _is_printed(item: InvoiceItem) -> bool:
    """What costs nothing is no line; rounding is one where it shows in the minor unit."""
    return bool(item.printed_amount if item.is_rounding else item.amount)


def _line(document: ErpInvoice, position: int, item: InvoiceItem) -> ErpInvoiceLine:
    return ErpInvoiceLine(
        invoice=document,
        position=position,
        name=item.name[:_LONGEST_NAME],
        quantity=item.quantity,
        unit_name=item.unit.name if item.unit else "",
        amount=item.printed_amount,
        tax_rate=item.tax_rate,
    )
