"""Which ERP invoices there are, for who is asking."""

from django.db.models import QuerySet

from tollbook.clients.selectors import clients_seen_by
from tollbook.clients.viewer import Viewer
from tollbook.erp.models import ErpInvoice
from tollbook.kernel.errors import NotFound


def visible_erp_invoices(viewer: Viewer) -> QuerySet[ErpInvoice]:
    """The invoices of the clients that the viewer may know of, with their currency."""
    invoices = ErpInvoice.objects.filter(clients_seen_by(viewer, "client__"))
    if viewer.reseller_id is not None:
        invoices = invoices.filter(reseller_id=viewer.reseller_id)
    return invoices.select_related("currency")


def find_erp_invoice(viewer: Viewer, invoice_id: int) -> ErpInvoice:
    """The invoice; ``NotFound`` as well where the viewer may not know of it."""
    invoice = visible_erp_invoices(viewer).filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound(f"there is no ERP invoice {invoice_id}", field="id")
    return invoice
