"""The port's local side: documents from our own tables."""

from tollbook.erp.local.page import page_of
from tollbook.erp.local.pdf import render_pdf
from tollbook.erp.local.posting import post_locally
from tollbook.erp.models import ErpInvoice
from tollbook.invoicing.models import Invoice


class LocalErp:
    """Numbers documents, and prints what the tables say: the same bytes for the same document."""

    def post_invoice(self, invoice: Invoice) -> ErpInvoice:
        """The document of the invoice, which is there already or gets the next number."""
        return post_locally(invoice)

    def fetch_pdf(self, invoice: ErpInvoice) -> bytes:
        """The document as PDF."""
        return render_pdf(page_of(invoice), dated=invoice.invoice_date)
