"""Tables of schedules and of what became of each time."""

from django.db import models
from django.db.models.functions import Now

from tollbook.clients.models import Reseller, User
from tollbook.reports.renderers import ReportFormat
from tollbook.schedules.rules import Kind, RunState, Target
from tollbook.webhooks.models import Endpoint


class Schedule(models.Model):
    """What a user wants done at certain times; the user's sight is asked again at each."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="schedules")
    reseller = models.ForeignKey(
        Reseller, on_delete=models.PROTECT, null=True, blank=True, related_name="schedules"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    template = models.CharField(max_length=100, blank=True)
    parameters = models.JSONField(default=dict)
    """As they were given: days may be words such as ``{previous_month.start}``."""
    cron = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")
    target = models.CharField(max_length=8, choices=Target.choices)
    format = models.CharField(
        max_length=8, choices=[(each.value, each.value) for each in ReportFormat], blank=True
    )
    keep_days = models.PositiveSmallIntegerField(null=True, blank=True)
    """How long its files are kept, where not as long as all others."""
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.SET_NULL, null=True, blank=True, related_name="schedules"
    )
    enabled = models.BooleanField(default=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    """The moment that is fired next; null while it is not enabled."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("next_run_at",),
                condition=models.Q(next_run_at__isnull=False),
                name="schedule_due",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("reseller", "name"), nulls_distinct=False, name="schedule_name_once"
            ),
            models.CheckConstraint(
                name="schedule_enabled_has_a_next_run",
                condition=models.Q(enabled=False, next_run_at=None)
                | models.Q(enabled=True, next_run_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One time of a schedule: the task that it asked for, and how the result came to its place."""

    id = models.BigAutoField(primary_key=True)
    schedule = models.ForeignKey(
        Schedule, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    """None once the schedule was removed: its files are kept for their time."""
    fire_at = models.DateTimeField()
    """The moment that was due, not that at which it was noticed."""
    by_hand = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=RunState.choices, default=RunState.PENDING)
    error = models.CharField(max_length=1_000, blank=True)
    file_task_uuid = models.UUIDField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    """How often the result was brought to its place."""
    due_at = models.DateTimeField(db_default=Now())
    exported_key = models.CharField(max_length=255, blank=True)
    exported_bytes = models.BigIntegerField(null=True, blank=True)
    exported_sha256 = models.CharField(max_length=64, blank=True)
    export_expires_at = models.DateTimeField(null=True, blank=True)
    delivery_id = models.UUIDField(null=True, blank=True)
    """The message that tells a webhook of it."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-fire_at", "-id")
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=models.Q(state=RunState.PENDING),
                name="schedule_run_pending",
            ),
            models.Index(
                fields=("export_expires_at",),
                condition=~models.Q(exported_key=""),
                name="schedule_run_exported",
            ),
            models.Index(fields=("settled_at",), name="schedule_run_settled"),
        )
        constraints = (
            models.UniqueConstraint(fields=("schedule", "fire_at"), name="schedule_run_once"),
        )

    def __str__(self) -> str:
        return f"run {self.id} at {self.fire_at:%Y-%m-%d %H:%M}"
