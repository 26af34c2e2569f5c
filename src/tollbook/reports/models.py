"""The table of months that are ready to be put into reports."""

from django.db import models
from django.db.models.functions import Now


class ReadyState(models.TextChoices):
    """Where a ready month stands; its files go some time after it was given up."""

    MADE = "made", "being made"
    READY = "ready", "ready"
    GIVEN_UP = "given up", "given up"


class ReadyMonth(models.Model):
    """A closed month as a result of its own: what reports on it hold of it, row group by row group.

    ``sources`` is a digest of the sealed segments that it was made of, one or those of several
    resellers, ``layout`` of all else that decides its bytes but for the names: those are kept,
    column by column, with their ids. A month of few rows has no files: it is made in no time.
    """

    sources = models.CharField(max_length=64)
    state = models.CharField(
        max_length=8, choices=ReadyState.choices, default=ReadyState.MADE, editable=False
    )
    state_since = models.DateTimeField(db_default=Now(), editable=False)
    layout = models.CharField(max_length=64)
    month = models.DateField()
    rows = models.BigIntegerField()
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    newest = models.DateTimeField(null=True)
    """When the newest of its expenses was written."""
    names = models.JSONField(default=dict)
    key = models.CharField(max_length=255, blank=True)
    """Where its files lie, less their endings; empty where it has none."""
    result_digest = models.CharField(max_length=64, blank=True)
    result_end = models.BigIntegerField(default=0)
    lines_digest = models.CharField(max_length=64, blank=True)
    frames = models.JSONField(default=list)
    """Sizes of packed lines, and of the same lines unpacked."""

    class Meta:
        ordering = ("month", "sources")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="ready_month_is_of_its_first_day"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ReadyState.values), name="ready_month_state"
            ),
            models.UniqueConstraint(
                fields=("sources", "layout"),
                condition=models.Q(state=ReadyState.READY),
                name="ready_month_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} from {self.sources[:12]}"
