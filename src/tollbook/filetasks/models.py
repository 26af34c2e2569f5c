"""The table of background work; the row is the truth, a message only wakes a worker."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tollbook.clients.models import Reseller, User
from tollbook.filetasks.rules import TaskStatus, TaskType


class FileTask(models.Model):
    """One piece of work: who asked, what for, where it stands, and the file it made."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task_type = models.CharField(max_length=20, choices=TaskType.choices)
    status = models.CharField(max_length=12, choices=TaskStatus.choices, default=TaskStatus.PENDING)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="file_tasks")
    reseller = models.ForeignKey(
        Reseller, on_delete=models.PROTECT, null=True, blank=True, related_name="file_tasks"
    )
    client_id = models.IntegerField(db_index=True)
    """The account it is about: the client named in the parameters, else the asker's own."""
    template = models.CharField(max_length=100, blank=True)
    parameters = models.JSONField(default=dict)
    request_digest = models.CharField(max_length=64)
    """SHA-256 of who asked for what, to tell a repeated request from another under the same id."""
    processing_notes = models.JSONField(default=dict)

    attempt = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(null=True, db_default=Now())
    """When a message was last sent for it; null asks the sweeper to send one now."""
    lease_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    """When those who wait for its end were told; null of an ended one asks to tell them now."""

    result_key = models.CharField(max_length=255, blank=True)
    result_bytes = models.BigIntegerField(null=True)
    result_rows = models.BigIntegerField(null=True)
    result_digest = models.CharField(max_length=64, blank=True)
    result_expires_at = models.DateTimeField(null=True)

    queue_position: int | None = None
    """Its place among the pending, from 1; a selector counts it, and only for a pending one."""

    class Meta:
        ordering = ("-created_at", "uuid")
        indexes = (
            models.Index(fields=("reseller", "created_at"), name="filetask_by_reseller"),
            models.Index(
                fields=("status", "queued_at"),
                condition=models.Q(status__in=(TaskStatus.PENDING, TaskStatus.IN_PROGRESS)),
                name="filetask_unfinished",
            ),
            models.Index(
                fields=("finished_at",),
                condition=models.Q(finished_at__isnull=False, announced_at=None),
                name="filetask_unannounced",
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="filetask_in_progress_has_a_lease",
                condition=~models.Q(status=TaskStatus.IN_PROGRESS)
                | models.Q(lease_expires_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.task_type} {self.uuid}"
