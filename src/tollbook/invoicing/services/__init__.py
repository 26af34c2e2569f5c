"""Writes of invoicing: asking for a closing, running it, and the invoices' way to the ERP."""

from tollbook.invoicing.services.client_closing import close_client, invoice_row, item_rows
from tollbook.invoicing.services.dispatching import (
    ISSUE_INVOICES,
    due_invoices,
    lock_dispatch,
    note_failed,
    note_issued,
    wake_dispatch,
)
from tollbook.invoicing.services.holding import release_abandoned_months
from tollbook.invoicing.services.parts import close_parts
from tollbook.invoicing.services.running import CLOSE_CLIENTS, close_period
from tollbook.invoicing.services.sealing import seal_month
from tollbook.invoicing.services.submitting import check_closing, check_may_close, submit_closing

__all__ = [
    "CLOSE_CLIENTS",
    "ISSUE_INVOICES",
    "check_closing",
    "check_may_close",
    "close_client",
    "close_parts",
    "close_period",
    "due_invoices",
    "invoice_row",
    "item_rows",
    "lock_dispatch",
    "note_failed",
    "note_issued",
    "release_abandoned_months",
    "seal_month",
    "submit_closing",
    "wake_dispatch",
]
