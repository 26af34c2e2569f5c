"""Closed sets of ERP invoices, named as the ERP and the published API name them."""

from django.db.models import TextChoices

from tollbook.invoicing.rules import MoveType

__all__ = ["MoveType", "PaymentState"]


class PaymentState(TextChoices):
    """How far a document has been paid or netted."""

    NOT_PAID = "not_paid", "not paid"
    PAID = "paid", "paid"
    PARTIAL = "partial", "partly paid"
    REVERSED = "reversed", "reversed"
    IN_PAYMENT = "in_payment", "in payment"
