"""Closed sets of invoicing, and when a month may be closed."""

from datetime import date, datetime

from django.db.models import TextChoices

from tollbook.kernel.periods import day_start, next_month


class MoveType(TextChoices):
    """An invoice to a customer, or a refund of one; named as the ERP names them."""

    OUT_INVOICE = "out_invoice", "invoice"
    OUT_REFUND = "out_refund", "refund"


class PartState(TextChoices):
    """Where one client's part of a closing stands."""

    WAITING = "waiting", "waiting"
    CLOSED = "closed", "closed"
    FAILED = "failed", "failed"


def has_ended(month: date, now: datetime) -> bool:
    """Whether every day of the month is over, in UTC."""
    return now >= day_start(next_month(month))


def has_begun(month: date, now: datetime) -> bool:
    """Whether the month's first day has come, in UTC."""
    return now >= day_start(month)
