"""In which items of which invoices expenses are billed: known by what both sides have in common.

An expense is in the invoices whose items hold its key: one, or more where a later closing of an
open month billed the rest. A revision that was replaced is billed nowhere.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.db.models import (
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
)

from tollbook.invoicing.models import Invoice, InvoiceItem

BILLED_IN: Final = """(
    SELECT json_agg(json_build_array(invoice.id, invoice.invoice_date, item.id) ORDER BY invoice.id)
    FROM invoicing_invoice AS invoice
    JOIN invoicing_invoiceitem AS item ON item.invoice_id = invoice.id
    WHERE NOT facts.deleted AND invoice.client_id = facts.client_id
        AND invoice.month = date_trunc('month', facts.for_date)::date
        AND invoice.currency_id = facts.currency_id AND invoice.payer_id = facts.payer_id
        AND item.addendum_id = facts.addendum_id AND item.plan_item_id = facts.plan_item_id
        AND item.unit_id = facts.unit_id AND item.kind = facts.kind
        AND item.charge_month
            = date_trunc('month', facts.period_start AT TIME ZONE 'UTC')::date
        AND item.tax_rate = facts.tax_rate
)"""
"""What is read beside each expense of a page (``facts``); see ``read_billed``."""


class _MonthOfDay(Func):
    """The first day of a day's month; unlike ``TruncMonth`` it can look at an outer query's row."""

    template = "date_trunc('month', %(expressions)s)::date"
    output_field = DateField()


class _MonthOfMoment(Func):
    """The first day of the month that a moment is in, in UTC."""

    template = "date_trunc('month', %(expressions)s AT TIME ZONE 'UTC')::date"
    output_field = DateField()


_SAME: Final = {
    **{
        name: OuterRef(name)
        for name in ("addendum_id", "plan_item_id", "unit_id", "kind", "tax_rate")
    },
    "charge_month": _MonthOfMoment(OuterRef("period_start")),
    "invoice__client_id": OuterRef("client_id"),
    "invoice__currency_id": OuterRef("currency_id"),
    "invoice__payer_id": OuterRef("payer_id"),
    "invoice__month": _MonthOfDay(OuterRef("for_date")),
}


class BilledIn(NamedTuple):
    """An item of an invoice that an expense is billed in; the day as JSON has it."""

    invoice_id: int
    invoice_date: str
    invoice_item_id: int


def read_billed(beside: Sequence[Any] | None) -> list[BilledIn]:
    """What ``BILLED_IN`` found beside an expense."""
    return [BilledIn._make(found) for found in beside or ()]


def expenses_of_invoices(*, invoice_ids: Collection[int] = (), item_ids: Collection[int] = ()) -> Q:
    """The condition on expenses that any of the invoices, or of the items, bills."""
    items = InvoiceItem.objects.filter(Q(invoice__in=invoice_ids) | Q(pk__in=item_ids))
    invoices = Invoice.objects.filter(pk__in=items.values("invoice"))
    month_after = ExpressionWrapper(F("month") + timedelta(days=31), output_field=DateField())
    first = invoices.order_by("month").values("month")[:1]
    last = invoices.order_by("-month").values(after=month_after)[:1]
    near = Q(
        client_id__in=invoices.order_by().values("client_id"),
        for_date__gte=Subquery(first),
        for_date__lte=Subquery(last),
        deleted=False,
    )
    return near & Q(Exists(items.filter(**_SAME)))
