"""What a worker is woken for: bringing invoices to the ERP."""

from celery import shared_task

from tollbook.erp import services
from tollbook.filetasks.selectors import database_now
from tollbook.invoicing.services import ISSUE_INVOICES


@shared_task(name=ISSUE_INVOICES, ignore_result=True)
def issue_invoices() -> None:
    """Make official what was closed."""
    services.issue_invoices(now=database_now())
