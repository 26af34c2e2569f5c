"""Tables of what the lake holds; a file that no row names is not part of it."""

from django.db import models
from django.db.models.functions import Now


class UsageSegment(models.Model):
    """One file of the lake: the records of one UTC day that one import brought."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(db_index=True)
    key = models.CharField(max_length=255, unique=True)
    """Where the file lies in the store."""
    rows = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    """SHA-256 of the file."""
    file_task = models.UUIDField(db_index=True)
    """The import that wrote it; its own record may be gone."""
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("day", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(rows__gt=0), name="usage_segment_has_rows"),
        )

    def __str__(self) -> str:
        return self.key


class KnownRecords(models.Model):
    """A file that knows the ids of records in the lake and a digest of what each said.

    All such files together know every record once. They follow from the segments; an import merges
    small ones, so that there are few.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=255, unique=True)
    records = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "known records"
        constraints = (
            models.CheckConstraint(condition=models.Q(records__gt=0), name="known_records_some"),
        )

    def __str__(self) -> str:
        return self.key
