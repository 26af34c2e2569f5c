"""Tables of invoices as the ERP keeps them: a mirror of its posted documents."""

from typing import Any, Final

from django.db import models
from django.db.models.functions import Now

from tollbook.catalog.models import Currency
from tollbook.clients.models import Client, Payer, Reseller
from tollbook.erp.rules import MoveType, PaymentState

_AMOUNT: Final[dict[str, Any]] = {"max_digits": 38, "decimal_places": 12}


class ErpInvoice(models.Model):
    """A posted invoice or refund; amounts are positive on both, ``move_type`` carries the sign.

    Where lines are taxed at several rates, one of net and tax may be negative; the total never is.
    """

    id = models.AutoField(primary_key=True)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="erp_invoices")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="erp_invoices")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="erp_invoices")
    name = models.CharField(max_length=64)
    move_type = models.CharField(max_length=11, choices=MoveType.choices)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT)
    invoice_date = models.DateField(null=True, blank=True)
    invoice_date_due = models.DateField(null=True, blank=True)
    billing_period_from = models.DateField(null=True, blank=True)
    billing_period_to = models.DateField(null=True, blank=True)
    amount_untaxed = models.DecimalField(**_AMOUNT)
    amount_tax = models.DecimalField(**_AMOUNT)
    amount_total = models.DecimalField(**_AMOUNT)
    payment_state = models.CharField(max_length=10, choices=PaymentState.choices)
    erp_payment_state = models.CharField(max_length=32, blank=True)
    """The ERP's own word, where it has more states than the published API."""
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    invoice_id = models.IntegerField(null=True, blank=True)
    """The invoice of the billing system that it stands for."""
    erp_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("reseller", "name"), name="erp_invoice_name_once"),
            models.UniqueConstraint(
                fields=("invoice_id",),
                condition=models.Q(invoice_id__isnull=False),
                name="erp_invoice_once_an_invoice",
            ),
            models.CheckConstraint(
                name="erp_invoice_amounts",
                condition=models.Q(amount_total__gte=0)
                & models.Q(amount_total=models.F("amount_untaxed") + models.F("amount_tax")),
            ),
        )
        indexes = (
            models.Index(fields=("reseller", "invoice_date"), name="erp_invoice_by_reseller"),
            models.Index(fields=("client", "invoice_date"), name="erp_invoice_by_client"),
        )

    def __str__(self) -> str:
        return self.name


class ErpInvoiceLine(models.Model):
    """One printed line; ``amount`` is before tax, in the currency's minor unit."""

    id = models.BigAutoField(primary_key=True)
    invoice = models.ForeignKey(ErpInvoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=500)
    quantity = models.DecimalField(**_AMOUNT)
    unit_name = models.CharField(max_length=255, blank=True)
    amount = models.DecimalField(**_AMOUNT)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, default=0)

    class Meta:
        ordering = ("invoice", "position")
        constraints = (
            models.UniqueConstraint(fields=("invoice", "position"), name="erp_line_position"),
        )

    def __str__(self) -> str:
        return self.name


class NumberSeries(models.Model):
    """The last number that the local ERP gave to documents of a kind in a year.

    Whoever gives the next one locks the row: a number exists once its document does, and not
    before, so that there are no gaps. ``last_date`` keeps numbers running with the dates.
    """

    id = models.BigAutoField(primary_key=True)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    move_type = models.CharField(max_length=11, choices=MoveType.choices)
    last_number = models.PositiveIntegerField()
    last_date = models.DateField()

    class Meta:
        ordering = ("reseller", "year", "move_type")
        verbose_name_plural = "number series"
        constraints = (
            models.UniqueConstraint(
                fields=("reseller", "year", "move_type"), name="number_series_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.move_type} {self.year} of {self.reseller_id}: {self.last_number}"
