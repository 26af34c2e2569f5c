"""Making invoices official, and getting them printed from the ERP."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import django.db
import structlog
from django.db import transaction

from tollbook.clients.viewer import Viewer
from tollbook.erp.gateway import ErpGateway
from tollbook.erp.local.gateway import LocalErp
from tollbook.erp.selectors import find_erp_invoice
from tollbook.invoicing.services import due_invoices, lock_dispatch, note_failed, note_issued
from tollbook.kernel.errors import DomainError

LOCAL: Final[ErpGateway] = LocalErp()
AT_ONCE: Final = 1_000
"""Invoices that are looked up together."""
_REFUSED: Final = (DomainError, ValueError, django.db.DataError, django.db.IntegrityError)
_log = structlog.get_logger(__name__)
_NOT_IN_FILE_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Issued:
    """How many invoices became official, and how many the ERP did not take."""

    issued: int
    failed: int


def issue_invoices(*, now: datetime, gateway: ErpGateway = LOCAL) -> Issued:
    """Bring to the ERP what is due, each in its own transaction; safe at once and again.

    What the ERP does not take is tried again later. The documents come in the order of their dates.
    """
    issued = failed = 0
    while due := due_invoices(now, AT_ONCE):
        done = [_issue(invoice_id, now, gateway) for invoice_id in due]
        issued += done.count(True)
        failed += done.count(False)
        if not any(outcome is not None for outcome in done):
            break
    if issued or failed:
        _log.info("invoices_issued", issued=issued, failed=failed)
    return Issued(issued, failed)


def _issue(invoice_id: int, now: datetime, gateway: ErpGateway) -> bool | None:
    """Whether it worked; none where another worker has it."""
    try:
        with transaction.atomic():
            dispatch = lock_dispatch(invoice_id)
            if dispatch is None:
                return None
            document = gateway.post_invoice(dispatch.invoice)
            note_issued(dispatch, number=document.name, invoice_date=document.invoice_date, now=now)
    except _REFUSED as error:
        _log.warning("invoice_not_issued", invoice=invoice_id, error=str(error))
        note_failed(invoice_id, error=str(error), now=now)
        return False
    return True


@dataclass(frozen=True)
class Pdf:
    """A printed document and the name of its file."""

    name: str
    bytes: bytes


def find_pdf(viewer: Viewer, invoice_id: int, *, gateway: ErpGateway = LOCAL) -> Pdf:
    """The invoice as its ERP prints it; raises ``NotFound`` or ``ErpUnavailable``."""
    invoice = find_erp_invoice(viewer, invoice_id)
    return Pdf(file_name(invoice.name), gateway.fetch_pdf(invoice))


def file_name(invoice_name: str) -> str:
    """``INV/2026/00001`` as ``INV-2026-00001.pdf``; safe on any disk and in any header."""
    safe = _NOT_IN_FILE_NAMES.sub("-", invoice_name).strip("-.")
    return f"{safe or 'invoice'}.pdf"
