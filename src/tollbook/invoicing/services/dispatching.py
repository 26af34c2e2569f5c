"""Invoices on their way to the ERP: who is due, and what became of each attempt."""

from datetime import datetime, timedelta
from typing import Final

from tollbook.filetasks.queue import send_message
from tollbook.invoicing.models import Dispatch, Invoice

ISSUE_INVOICES: Final = "erp.issue_invoices"
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=1)


def wake_dispatch() -> None:
    """Ask a worker to bring what is due to the ERP; beat asks too, so a lost message costs time."""
    send_message(ISSUE_INVOICES)


def due_invoices(now: datetime, at_most: int) -> list[int]:
    """Invoices whose time to be brought has come, in the order in which they are numbered."""
    due = Dispatch.objects.filter(done_at=None, due_at__lte=now)
    ordered = due.order_by(
        "invoice__invoice_date", "invoice__client", "invoice__currency", "invoice"
    )
    return list(ordered.values_list("invoice_id", flat=True)[:at_most])


def lock_dispatch(invoice_id: int) -> Dispatch | None:
    """The invoice on its way, this transaction's alone; none where it is there or on its way."""
    waiting = Dispatch.objects.select_for_update(skip_locked=True, of=("self",))
    found = waiting.filter(invoice_id=invoice_id, done_at=None)
    return found.select_related("invoice__currency", "invoice__client").first()


def note_issued(dispatch: Dispatch, *, number: str, invoice_date: object, now: datetime) -> None:
    """It is there, under this number and with this printed date."""
    Invoice.objects.filter(pk=dispatch.invoice_id).update(number=number, invoice_date=invoice_date)
    dispatch.attempts += 1
    dispatch.done_at, dispatch.error = now, ""
    dispatch.save()


def note_failed(invoice_id: int, *, error: str, now: datetime) -> None:
    """It is not there: again later, each time twice as late."""
    dispatch = Dispatch.objects.filter(invoice_id=invoice_id, done_at=None).first()
    if dispatch is None:
        return
    pause = min(FIRST_PAUSE * 2 ** min(dispatch.attempts, 20), LONGEST_PAUSE)
    dispatch.attempts += 1
    dispatch.due_at, dispatch.error = now + pause, error[:1000]
    dispatch.save()
