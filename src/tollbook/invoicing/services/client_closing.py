"""Closing a month for one client: what its expenses say and no invoice yet becomes an invoice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from tollbook.invoicing.documents import Document
from tollbook.invoicing.models import Dispatch, Invoice, InvoiceItem
from tollbook.invoicing.selectors.unbilled import unbilled_of
from tollbook.invoicing.services.crediting import use_credits
from tollbook.kernel.periods import DateRange

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('invoices of a client'), %s)"


def close_client(
    *,
    reseller_id: int,
    client_id: int,
    month: DateRange,
    now: datetime,
    expense_numbers: Sequence[int] = (),
) -> list[Invoice]:
    """Bill what is not billed yet, an invoice to each payer in each currency; again does nothing.

    Bonus credit is used first, and what it posts has ``expense_numbers``; see ``use_credits``. The
    client's invoices are written by one at a time, and the database has checked them when this
    returns. Nothing but zeros makes an invoice that the ERP never sees: so each expense of a closed
    month is in an item.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [client_id])
        unbilled = unbilled_of(reseller_id=reseller_id, client_id=client_id, month=month)
        if unbilled and use_credits(
            client_id=client_id, month=month, now=now, numbers=expense_numbers
        ):
            unbilled = unbilled_of(reseller_id=reseller_id, client_id=client_id, month=month)
        documents = [
            (due, revision, document)
            for due in unbilled
            for revision, document in enumerate(due.documents(), start=due.revision)
        ]
        made = [
            invoice_row(
                document,
                reseller_id=reseller_id,
                client_id=client_id,
                payer_id=due.payer_id,
                currency_id=due.currency_id,
                month=month,
                revision=revision,
            )
            for due, revision, document in documents
        ]
        if made:
            _write(made, [document for *_, document in documents])
    return made


def _write(invoices: list[Invoice], documents: list[Document]) -> None:
    Invoice.objects.bulk_create(invoices)
    both = list(zip(invoices, documents, strict=True))
    InvoiceItem.objects.bulk_create(
        item for invoice, document in both for item in item_rows(document, invoice)
    )
    Dispatch.objects.bulk_create(
        Dispatch(invoice=invoice) for invoice, document in both if document.untaxed or document.tax
    )
    connection.check_constraints()


def invoice_row(
    document: Document,
    *,
    reseller_id: int,
    client_id: int,
    payer_id: int,
    currency_id: int,
    month: DateRange,
    revision: int,
) -> Invoice:
    """The row of a document, dated the day after its month."""
    return Invoice(
        reseller_id=reseller_id,
        client_id=client_id,
        payer_id=payer_id,
        currency_id=currency_id,
        month=month.start,
        revision=revision,
        reference=f"{month.start:%Y-%m}/{client_id}/{currency_id}/{payer_id}/{revision}",
        move_type=document.move_type,
        invoice_date=month.end,
        expenses_amount=document.expenses,
        amount_untaxed=document.untaxed,
        amount_tax=document.tax,
        amount_total=document.total,
    )


def item_rows(document: Document, invoice: Invoice) -> list[InvoiceItem]:
    """The rows of a document's items, in the order in which they are printed."""
    return [
        InvoiceItem(
            invoice=invoice,
            position=position,
            addendum_id=item.key.addendum_id if item.key else None,
            plan_item_id=item.key.plan_item_id if item.key else None,
            unit_id=item.key.unit_id if item.key else None,
            kind=item.key.kind if item.key else "",
            charge_month=item.key.charge_month if item.key else None,
            name=item.name,
            quantity=item.quantity,
            amount=item.amount,
            printed_amount=item.printed,
            tax_rate=item.tax_rate,
            is_rounding=item.key is None,
        )
        for position, item in enumerate(document.items, start=1)
    ]
