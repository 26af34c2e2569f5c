"""The port to whatever ERP keeps the invoices."""

from typing import Protocol

from tollbook.erp.models import ErpInvoice
from tollbook.invoicing.models import Invoice
from tollbook.kernel.errors import Unavailable


class ErpUnavailable(Unavailable):
    """The ERP does not answer now, or not with what was asked for."""

    code = "erp_unavailable"


class ErpGateway(Protocol):
    """What an adapter does."""

    def post_invoice(self, invoice: Invoice) -> ErpInvoice:
        """Make the invoice official, once for its reference, however often it is asked for.

        Runs in the transaction that notes it; raises ``ErpUnavailable``.
        """

    def fetch_pdf(self, invoice: ErpInvoice) -> bytes:
        """The printed document; raises ``ErpUnavailable``."""
