"""Tables of endpoints, of messages to them, and of each attempt to deliver one."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tollbook.clients.models import Reseller
from tollbook.webhooks.rules import DeliveryStatus, Event


class Endpoint(models.Model):
    """An address that wants to be told of events; without a reseller it is the operator's."""

    id = models.AutoField(primary_key=True)
    reseller = models.ForeignKey(
        Reseller, on_delete=models.PROTECT, null=True, blank=True, related_name="webhooks"
    )
    url = models.CharField(max_length=2_000)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=40, choices=Event.choices))
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    """Why it was disabled, where nobody asked for that."""

    seed = models.CharField(max_length=64)
    """What its secret is made of, together with the server's secret key."""
    secret_print = models.CharField(max_length=64)
    """SHA-256 of the secret, to notice a server with another secret key."""
    old_seed = models.CharField(max_length=64, blank=True)
    old_until = models.DateTimeField(null=True, blank=True)
    """Until when messages are signed with the secret of before as well."""

    failures = models.PositiveIntegerField(default=0)
    """Attempts in a row that found it in trouble."""
    rests_until = models.DateTimeField(null=True, blank=True)
    busy_until = models.DateTimeField(null=True, blank=True)
    """The lease of the worker that sends to it: one at a time."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("id",)
        verbose_name = "webhook"
        constraints = (
            models.CheckConstraint(
                name="webhook_wants_something", condition=models.Q(events__len__gt=0)
            ),
        )

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One message to one endpoint: the same id and the same bytes at every attempt."""

    id = models.UUIDField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    file_task_uuid = models.UUIDField(null=True, blank=True)
    """The task that it tells of; that may be gone."""
    body = models.TextField()
    status = models.CharField(
        max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING
    )
    attempt = models.PositiveSmallIntegerField(default=0)
    """How often it was tried; the number of the attempt under way, if one is."""
    pauses = models.PositiveSmallIntegerField(default=0)
    """How often it failed since it was asked for."""
    due_at = models.DateTimeField(db_default=Now())
    """When it is to be tried next; during an attempt, when its worker is given up."""
    give_up_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("-created_at", "id")
        verbose_name_plural = "deliveries"
        indexes = (
            models.Index(
                fields=("endpoint", "due_at"),
                condition=models.Q(status=DeliveryStatus.PENDING),
                name="webhook_delivery_due",
            ),
            models.Index(fields=("endpoint", "created_at"), name="webhook_delivery_listed"),
            models.Index(
                fields=("settled_at",),
                condition=models.Q(settled_at__isnull=False),
                name="webhook_delivery_settled",
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="webhook_delivery_settled_once",
                condition=models.Q(status=DeliveryStatus.PENDING, settled_at=None)
                | (~models.Q(status=DeliveryStatus.PENDING) & models.Q(settled_at__isnull=False)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class Attempt(models.Model):
    """One attempt that came to its end, and what the receiver answered."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_start = models.TextField(blank=True)
    """The first bytes of the answer, as text."""
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("delivery", "number")
        constraints = (
            models.UniqueConstraint(fields=("delivery", "number"), name="webhook_attempt_once"),
        )

    def __str__(self) -> str:
        return f"attempt {self.number} at {self.delivery_id}"
