"""Invoices as the ERP keeps them; the ERP changes them, nobody here does."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.amounts import amount_text
from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Rows, Table
from tollbook.erp.models import ErpInvoice, ErpInvoiceLine, NumberSeries


class InvoiceLines(Rows):
    """The printed lines."""

    model = ErpInvoiceLine
    fields = ("position", "name", "quantity", "unit_name", "amount", "tax_rate")
    readonly_fields = fields
    per_page = 100


class ErpInvoiceTable(Table):
    """Invoices and refunds."""

    icon = "request_quote"
    menu_title = "ERP invoices"
    list_display = (
        "name",
        "id",
        "client",
        "payer",
        "invoice_date",
        "billing_period_from",
        "total",
        "move_type",
        "state",
    )
    list_select_related = ("client", "payer", "currency")
    list_filter = (
        one_of("payment_state"),
        one_of("move_type"),
        some("reseller"),
        some("client"),
        some("payer"),
        some("currency"),
    )
    search_fields = ("name", "client__company_name", "payer__company_name")
    number_fields = ("pk", "invoice_id", "client_id")
    ordering = ("-id",)
    inlines = (InvoiceLines,)

    @column("total", ordering="amount_total")
    def total(self, invoice: ErpInvoice) -> str:
        """With tax."""
        return amount_text(invoice.amount_total, invoice.currency)

    @column(
        "payment",
        ordering="payment_state",
        label={
            "paid": "success",
            "not paid": "danger",
            "partly paid": "warning",
            "in payment": "info",
        },
    )
    def state(self, invoice: ErpInvoice) -> str:
        """How far it is paid."""
        return invoice.get_payment_state_display()


class ErpInvoiceLineTable(Table):
    """Every printed line."""

    icon = "format_list_numbered"
    menu_title = "ERP invoice lines"
    list_display = ("name", "id", "invoice", "position", "quantity", "line_amount", "tax_rate")
    list_select_related = ("invoice__currency",)
    list_filter = (some("invoice"),)
    search_fields = ("name", "invoice__name")
    number_fields = ("pk", "invoice_id")

    @column("amount", ordering="amount")
    def line_amount(self, line: ErpInvoiceLine) -> str:
        """Before tax."""
        return amount_text(line.amount, line.invoice.currency)


class NumberSeriesTable(Table):
    """The last numbers that the local ERP gave."""

    icon = "pin"
    menu_title = "Numbers"
    list_display = ("reseller", "year", "move_type", "last_number", "last_date")
    list_select_related = ("reseller",)
    list_filter = (some("reseller"), one_of("move_type"))
    search_fields = ("reseller__company_name",)
    number_fields = ("reseller_id", "year")


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    ErpInvoice: ErpInvoiceTable,
    ErpInvoiceLine: ErpInvoiceLineTable,
    NumberSeries: NumberSeriesTable,
}
