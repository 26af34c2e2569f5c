"""Tables of what was billed: invoices and their items, their way to the ERP, and closings at work.

The database checks an invoice against its items when the transaction ends (a deferred constraint
trigger of the first migration): exact amounts and printed amounts each sum to its untaxed amount.
"""

from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tollbook.catalog.models import Currency, PlanItem, Unit
from tollbook.clients.models import Client, Payer, Reseller
from tollbook.contracts.models import Addendum
from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.rules import MoveType, PartState

_AMOUNT: Final[dict[str, Any]] = {"max_digits": 38, "decimal_places": 12}
_UNCHECKED: Final[dict[str, Any]] = {
    "on_delete": models.PROTECT,
    "db_index": False,
    "related_name": "+",
}


class Invoice(models.Model):
    """What a client owes a payer's way for a month in a currency, or is owed (``out_refund``).

    ``month`` is the billing period's first day. Amounts are positive on refunds too, as in the ERP.
    ``revision`` counts what was billed of the month: a later closing bills only what the former
    ones have not, and where net and tax differ in sign there is an invoice and a refund.
    ``expenses_amount`` is the exact sum that was billed; below half a minor unit it may be of
    either sign.
    """

    id = models.AutoField(primary_key=True)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="invoices")
    client = models.ForeignKey(Client, **_UNCHECKED)
    payer = models.ForeignKey(Payer, **_UNCHECKED)
    currency = models.ForeignKey(Currency, **_UNCHECKED)
    month = models.DateField()
    revision = models.PositiveIntegerField(default=1)
    reference = models.CharField(max_length=64, unique=True)
    """Our own name for it, the same whoever closes the month: what the ERP knows it by."""
    move_type = models.CharField(max_length=11, choices=MoveType.choices)
    invoice_date = models.DateField()
    """The printed date; the ERP sets it later where its numbers would not run with the dates."""
    number = models.CharField(max_length=64, blank=True)
    """The ERP's, once it is issued there."""
    expenses_amount = models.DecimalField(**_AMOUNT)
    amount_untaxed = models.DecimalField(**_AMOUNT)
    amount_tax = models.DecimalField(**_AMOUNT)
    amount_total = models.DecimalField(**_AMOUNT)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("client", "month", "currency", "payer", "revision"),
                name="invoice_once_a_closing",
            ),
            models.CheckConstraint(
                name="invoice_amounts",
                condition=models.Q(amount_untaxed__gte=0, amount_tax__gte=0)
                & models.Q(amount_total=models.F("amount_untaxed") + models.F("amount_tax")),
            ),
            models.CheckConstraint(
                name="invoice_is_of_a_month", condition=models.Q(month__day=1, revision__gt=0)
            ),
        )
        indexes = (models.Index(fields=("reseller", "month"), name="invoice_by_month"),)

    def __str__(self) -> str:
        return self.number or self.reference


class InvoiceItem(models.Model):
    """The live expenses of one item of a contract, added up; or what rounding takes or gives.

    ``amount`` is exact, ``printed_amount`` in the currency's minor unit; both have the sign that
    the document gives them: on a refund what lowers it is negative. ``charge_month`` is when the
    service was used, which differs from the invoice's month for corrections.
    """

    id = models.BigAutoField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    addendum = models.ForeignKey(Addendum, null=True, blank=True, **_UNCHECKED)
    plan_item = models.ForeignKey(PlanItem, null=True, blank=True, **_UNCHECKED)
    unit = models.ForeignKey(Unit, null=True, blank=True, **_UNCHECKED)
    kind = models.CharField(max_length=16, choices=ExpenseKind.choices, blank=True)
    charge_month = models.DateField(null=True, blank=True)
    name = models.CharField(max_length=1100)
    quantity = models.DecimalField(**_AMOUNT)
    amount = models.DecimalField(**_AMOUNT)
    printed_amount = models.DecimalField(**_AMOUNT)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    is_rounding = models.BooleanField(default=False)

    class Meta:
        ordering = ("invoice", "position")
        constraints = (
            models.UniqueConstraint(fields=("invoice", "position"), name="invoice_item_position"),
            models.CheckConstraint(
                name="invoice_item_bills_expenses_or_rounds",
                condition=models.Q(is_rounding=True, kind="", addendum=None)
                | models.Q(is_rounding=False, addendum__isnull=False, charge_month__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Dispatch(models.Model):
    """An invoice on its way to the ERP: tried until it is there, later each time."""

    invoice = models.OneToOneField(
        Invoice, on_delete=models.CASCADE, primary_key=True, related_name="dispatch"
    )
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=1000, blank=True)
    """What the last attempt ran into."""

    class Meta:
        ordering = ("invoice",)
        verbose_name_plural = "dispatches"
        indexes = (
            models.Index(
                fields=("due_at",), condition=models.Q(done_at=None), name="dispatch_to_do"
            ),
        )

    def __str__(self) -> str:
        return f"invoice {self.invoice_id} to the ERP"


class ClosingHold(models.Model):
    """Which closing has a reseller's month in its hands; there is one at a time."""

    id = models.BigAutoField(primary_key=True)
    reseller = models.ForeignKey(Reseller, **_UNCHECKED)
    month = models.DateField()
    file_task_uuid = models.UUIDField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("reseller", "month"), name="month_held_once"),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} of reseller {self.reseller_id}"


class ClosingPart(models.Model):
    """One client's part of a closing; whoever locks the waiting row does it, and nobody else.

    ``expense_numbers`` are kept for the expenses that credit makes: which of them has which does
    not hang on who comes first.
    """

    id = models.BigAutoField(primary_key=True)
    file_task_uuid = models.UUIDField()
    client = models.ForeignKey(Client, **_UNCHECKED)
    expense_numbers = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    state = models.CharField(max_length=7, choices=PartState.choices, default=PartState.WAITING)
    code = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("file_task_uuid", "client"), name="closing_part_once"),
        )
        indexes = (
            models.Index(fields=("file_task_uuid", "state", "id"), name="closing_part_next"),
        )

    def __str__(self) -> str:
        return f"client {self.client_id}: {self.state}"
