"""Tables of the book of credits: an action is one event, its operations balance to zero.

The database refuses an action whose debits and credits differ in a unit, and a credit of which more
would be spent than was given, when the transaction ends (deferred constraint triggers).
"""

import uuid
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tollbook.catalog.models import ProductCategory
from tollbook.clients.models import Client
from tollbook.credits.rules import Account, ActionType

_AMOUNT: Final[dict[str, Any]] = {"max_digits": 36, "decimal_places": 12}


class Action(models.Model):
    """One event that moved credits; a deleted one counts no more and is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    type_code = models.CharField(max_length=255, choices=ActionType.choices)
    applying_at = models.DateTimeField()
    details_json = models.JSONField(null=True, blank=True)
    object_type = models.CharField(max_length=255, null=True, blank=True)
    object_id = models.CharField(max_length=255, null=True, blank=True)
    deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("created_at", "id")
        indexes = (models.Index(fields=("object_type", "object_id"), name="action_by_object"),)

    def __str__(self) -> str:
        return f"{self.type_code} {self.id}"


class Operation(models.Model):
    """One side of an action: so much into (debit) or out of (credit) an account of a client.

    ``unit_code`` is the currency of the credit; ``service`` the product category that it is good
    for, empty for any.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="operations")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="credit_operations")
    acc = models.CharField(max_length=255, choices=Account.choices)
    unit_code = models.CharField(max_length=255)
    service = models.CharField(max_length=255, blank=True)
    analytics = models.JSONField(null=True, blank=True)
    debit = models.DecimalField(**_AMOUNT, null=True, blank=True)
    credit = models.DecimalField(**_AMOUNT, null=True, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("client", "acc", "unit_code"), name="operation_by_client"),
            models.Index(fields=("acc", "unit_code", "service"), name="operation_by_account"),
        )
        constraints = (
            models.CheckConstraint(
                name="operation_has_one_side",
                condition=Q(debit__gte=0, credit=None) | Q(credit__gte=0, debit=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.acc} {self.unit_code} of action {self.action_id}"


class Grant(models.Model):
    """What was agreed when a credit was given; how much of it is left is in the operations.

    It pays for the months that its time ``[valid_from, valid_to)`` touches; without
    ``categories`` for all products. Its ``action`` is the parent of all that happens to it.
    """

    action = models.OneToOneField(
        Action, on_delete=models.PROTECT, primary_key=True, related_name="grant"
    )
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="credit_grants")
    unit_code = models.CharField(max_length=255)
    amount = models.DecimalField(max_digits=38, decimal_places=12)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    categories = models.ManyToManyField(ProductCategory, blank=True, related_name="+")
    comment = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("valid_from", "action")
        indexes = (
            models.Index(fields=("client", "unit_code"), name="grant_by_client"),
            models.Index(fields=("valid_to",), name="grant_by_end"),
        )
        constraints = (
            models.CheckConstraint(
                name="grant_ends_after_it_starts",
                condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from")),
            ),
            models.CheckConstraint(name="grant_of_something", condition=Q(amount__gt=0)),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.unit_code} to client {self.client_id}"
