"""``/erp-invoices``: invoices as the ERP keeps them, and their PDF."""

from typing import ClassVar, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.file_names import content_disposition
from tollbook.api.filters import Filter, field
from tollbook.api.items import list_operation
from tollbook.api.kinds import DATE, INTEGER, TEXT, one_of
from tollbook.api.negotiation import choose
from tollbook.api.operations import JSON, NOT_FOUND, RETRY_AFTER, Answer, Operation, detail
from tollbook.api.ordering import Ordering
from tollbook.api.paths import id_parameter, read_id
from tollbook.api.shapes import (
    DATE_SCHEMA,
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    MONEY_SCHEMA,
    TEXT_SCHEMA,
    Field,
    Shape,
    day,
    moment,
    money,
    nullable,
    plain,
    words,
)
from tollbook.api.views import ApiView, ListView
from tollbook.clients.viewer import Viewer
from tollbook.erp.models import ErpInvoice
from tollbook.erp.rules import MoveType, PaymentState
from tollbook.erp.selectors import find_erp_invoice, visible_erp_invoices
from tollbook.erp.services import find_pdf

TAG: Final = "erp-invoices"
PDF: Final = "application/pdf"

ERP_INVOICE: Final = Shape(
    "ErpInvoiceExternal",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field("name", TEXT_SCHEMA, plain("name"), "The number printed on it."),
        Field(
            "move_type",
            words(MoveType),
            plain("move_type"),
            "An invoice, or a refund of one; amounts are positive on both.",
        ),
        Field(
            "currency",
            TEXT_SCHEMA,
            lambda invoice: invoice.currency.char_code,
            "ISO 4217 code.",
        ),
        Field(
            "invoice_date", nullable(DATE_SCHEMA), day("invoice_date"), "The date printed on it."
        ),
        Field("invoice_date_due", nullable(DATE_SCHEMA), day("invoice_date_due"), "When to pay."),
        Field(
            "billing_period_from",
            nullable(DATE_SCHEMA),
            day("billing_period_from"),
            "First day of the period that it bills.",
        ),
        Field(
            "billing_period_to",
            nullable(DATE_SCHEMA),
            day("billing_period_to"),
            "Last day of the period that it bills.",
        ),
        Field("amount_untaxed", MONEY_SCHEMA, money("amount_untaxed"), "Before tax."),
        Field("amount_tax", MONEY_SCHEMA, money("amount_tax"), "The tax."),
        Field("amount_total", MONEY_SCHEMA, money("amount_total"), "With tax: the two added."),
        Field(
            "payment_state",
            words(PaymentState),
            plain("payment_state"),
            "How far it has been paid or netted.",
        ),
        Field(
            "client_id",
            {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
            plain("client_id"),
            "The client it bills.",
        ),
        Field("payer_id", INTEGER_SCHEMA, plain("payer_id"), "Who pays it."),
        Field(
            "invoice_id",
            nullable(INTEGER_SCHEMA),
            plain("invoice_id"),
            "The invoice of the billing system behind it, if there is one.",
        ),
        Field("created_at", MOMENT_SCHEMA, moment("created_at")),
        Field("updated_at", MOMENT_SCHEMA, moment("updated_at")),
    ),
    "An invoice or refund as the ERP keeps it.",
    {
        "id": 42,
        "name": "INV/2026/00015",
        "move_type": "out_invoice",
        "currency": "USD",
        "invoice_date": "2026-09-01",
        "invoice_date_due": "2026-09-15",
        "billing_period_from": "2026-08-01",
        "billing_period_to": "2026-08-31",
        "amount_untaxed": "12683.870000000000",
        "amount_tax": "1046.420000000000",
        "amount_total": "13730.290000000000",
        "payment_state": "paid",
        "client_id": 1064,
        "payer_id": 56,
        "invoice_id": 42,
        "created_at": "2026-09-01T06:00:00.000000Z",
        "updated_at": "2026-09-01T06:00:00.000000Z",
    },
)


class ErpInvoices(ListView):
    """The list of invoices."""

    shape = ERP_INVOICE
    filters = (
        Filter(
            "billing_period_from__from",
            DATE,
            field("billing_period_from__gte"),
            "The billed period starts on that day or later.",
        ),
        Filter(
            "billing_period_to__to",
            DATE,
            field("billing_period_to__lte"),
            "The billed period ends on that day or earlier.",
        ),
        Filter("client_id", INTEGER, field("client_id"), "Only of this client."),
        Filter("currency", TEXT, field("currency__char_code"), "Only in this currency: its code."),
        Filter("invoice_date__from", DATE, field("invoice_date__gte"), "Dated that day or later."),
        Filter("invoice_date__to", DATE, field("invoice_date__lte"), "Dated that day or earlier."),
        Filter(
            "move_type", one_of(MoveType), field("move_type"), "Only invoices, or only refunds."
        ),
        Filter("payer_id", INTEGER, field("payer_id"), "Only for this payer."),
        Filter(
            "payment_state", one_of(PaymentState), field("payment_state"), "Only in this state."
        ),
    )
    ordering = Ordering(
        {name: name for name in ("amount_total", "created_at", "id", "invoice_date", "name")},
        default=("-id",),
        key="id",
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[ErpInvoice]:
        """The invoices of the viewer's clients."""
        return visible_erp_invoices(viewer).select_related("currency")


class ErpInvoiceItem(ApiView):
    """One invoice."""

    operations: ClassVar = {
        "get": Operation(
            "v1_erp_invoices_retrieve",
            TAG,
            "Read an ERP invoice",
            "Amounts, dates and payment state of one invoice or refund, as the ERP told last.",
            {
                200: Answer("The invoice.", {JSON: ERP_INVOICE.reference}),
                404: NOT_FOUND,
            },
            parameters=(id_parameter("id", "The invoice's `id` in the list."),),
        )
    }

    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Answer the invoice."""
        return Response(ERP_INVOICE.row(find_erp_invoice(self.viewer, read_id(id))))


class ErpInvoicePdf(ApiView):
    """The printed form of one invoice."""

    operations: ClassVar = {
        "get": Operation(
            "v1_erp_invoices_download_retrieve",
            TAG,
            "Download an ERP invoice",
            "The document as the payer gets it. Where the ERP that keeps it is away, the answer is "
            "502 with `Retry-After`.",
            {
                200: Answer(
                    "The document.",
                    {PDF: {"type": "string", "format": "binary"}},
                    headers={
                        "Content-Disposition": {
                            "description": "The name to save it under.",
                            "required": True,
                            "schema": {"type": "string"},
                        }
                    },
                ),
                404: NOT_FOUND,
                502: detail(
                    "The ERP does not answer.",
                    "The ERP does not answer; try again.",
                    headers={"Retry-After": RETRY_AFTER},
                ),
            },
            parameters=(id_parameter("id", "The invoice's `id` in the list."),),
        )
    }

    def check_accept(self, request: Request) -> None:
        """Refuse a client that wants something else than PDF."""
        if choose(request.META.get("HTTP_ACCEPT", ""), (PDF,)) is None:
            raise NotAcceptable(f"Only {PDF} is served here.")

    def get(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Answer the document."""
        pdf = find_pdf(self.viewer, read_id(id))
        return HttpResponse(
            pdf.bytes,
            content_type=PDF,
            headers={"Content-Disposition": content_disposition(pdf.name)},
        )


ErpInvoices.operations = list_operation(
    ErpInvoices,
    "v1_erp_invoices_list",
    TAG,
    "List ERP invoices",
    "The invoices and refunds of your clients, newest first where no order is asked.",
    mistake={"payment_state": ["This is none of not_paid, paid."]},
)
