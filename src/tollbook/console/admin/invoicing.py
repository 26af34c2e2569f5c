"""What was billed, and closings at work; only looked at: invoices come from closings alone."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.amounts import amount_text
from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Rows, Table
from tollbook.invoicing.models import ClosingHold, ClosingPart, Dispatch, Invoice, InvoiceItem


class InvoiceItems(Rows):
    """What the invoice bills."""

    model = InvoiceItem
    fields = ("position", "name", "quantity", "amount", "printed_amount", "tax_rate")
    readonly_fields = fields
    per_page = 100


class InvoiceTable(Table):
    """Invoices and refunds of closed months."""

    icon = "receipt_long"
    list_display = (
        "reference",
        "id",
        "client",
        "payer",
        "month",
        "number",
        "total",
        "move_type",
    )
    list_select_related = ("client", "payer", "currency")
    list_filter = (
        one_of("move_type"),
        some("reseller"),
        some("client"),
        some("payer"),
        some("currency"),
    )
    search_fields = ("reference", "number", "client__company_name", "payer__company_name")
    number_fields = ("pk", "client_id")
    ordering = ("-id",)
    inlines = (InvoiceItems,)

    @column("total", ordering="amount_total")
    def total(self, invoice: Invoice) -> str:
        """With tax."""
        return amount_text(invoice.amount_total, invoice.currency)


class InvoiceItemTable(Table):
    """Every item of every invoice."""

    icon = "format_list_bulleted"
    menu_title = "Invoice items"
    list_display = ("name", "id", "invoice", "position", "quantity", "exact", "tax_rate")
    list_select_related = ("invoice__currency",)
    list_filter = (some("invoice"), one_of("kind"), "is_rounding")
    search_fields = ("name", "invoice__reference")
    number_fields = ("pk", "invoice_id")

    @column("amount", ordering="amount")
    def exact(self, item: InvoiceItem) -> str:
        """Before tax, unrounded."""
        return amount_text(item.amount, item.invoice.currency)


class DispatchTable(Table):
    """Invoices on their way to the ERP."""

    icon = "local_shipping"
    menu_title = "Invoices to the ERP"
    list_display = ("invoice", "attempts", "due_at", "done_at", "error")
    list_select_related = ("invoice",)
    search_fields = ("invoice__reference", "error")
    number_fields = ("pk",)
    ordering = ("-invoice",)


class ClosingHoldTable(Table):
    """Months that a closing has in its hands."""

    icon = "lock"
    menu_title = "Months being closed"
    list_display = ("month", "reseller", "file_task_uuid")
    list_select_related = ("reseller",)
    list_filter = (some("reseller"),)
    search_fields = ("reseller__company_name",)
    uuid_fields = ("file_task_uuid",)
    number_fields = ("reseller_id",)


class ClosingPartTable(Table):
    """Clients of closings at work."""

    icon = "checklist"
    menu_title = "Parts of closings"
    list_display = ("id", "client", "state", "code", "message", "file_task_uuid")
    list_select_related = ("client",)
    list_filter = (one_of("state"), some("client"))
    search_fields = ("client__company_name", "message")
    uuid_fields = ("file_task_uuid",)
    number_fields = ("client_id",)
    ordering = ("-id",)


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    Invoice: InvoiceTable,
    InvoiceItem: InvoiceItemTable,
    Dispatch: DispatchTable,
    ClosingHold: ClosingHoldTable,
    ClosingPart: ClosingPartTable,
}
