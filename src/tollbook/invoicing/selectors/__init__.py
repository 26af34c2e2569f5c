"""Reads of invoicing: what is still to be billed, what was billed where, and what a closing did."""

from tollbook.invoicing.selectors.billed import (
    BILLED_IN,
    BilledIn,
    expenses_of_invoices,
    read_billed,
)
from tollbook.invoicing.selectors.months import clients_to_close, holder_of
from tollbook.invoicing.selectors.summary import SummaryRow, closing_summary
from tollbook.invoicing.selectors.unbilled import Unbilled, unbilled_of

__all__ = [
    "BILLED_IN",
    "BilledIn",
    "SummaryRow",
    "Unbilled",
    "clients_to_close",
    "closing_summary",
    "expenses_of_invoices",
    "holder_of",
    "read_billed",
    "unbilled_of",
]
