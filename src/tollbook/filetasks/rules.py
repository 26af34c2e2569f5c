"""Names of background work and the transitions its status may make."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class TaskType(TextChoices):
    """What a file task does, as the published API names it."""

    CLOSING_PERIOD = "ClosingPeriod", "closing_period"
    IMPORT_DATA = "ImportData", "import_data"
    REPORT = "Report", "report"
    STOP_SUBSCRIPTIONS = "StopSubscriptions", "stop_subscriptions"


class TaskStatus(TextChoices):
    """Where a file task stands, as the published API names it."""

    PENDING = "Pending", "pending"
    IN_PROGRESS = "InProgress", "in_progress"
    COMPLETED = "Completed", "completed"
    FAILED = "Failed", "failed"
    CANCELLED = "Cancelled", "cancelled"


TRANSITIONS: Final[Mapping[TaskStatus, frozenset[TaskStatus]]] = {
    TaskStatus.PENDING: frozenset({TaskStatus.IN_PROGRESS, TaskStatus.CANCELLED}),
    TaskStatus.IN_PROGRESS: frozenset(
        {TaskStatus.PENDING, TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED}
    ),
    TaskStatus.COMPLETED: frozenset(),
    TaskStatus.FAILED: frozenset(),
    TaskStatus.CANCELLED: frozenset(),
}
"""What each status may become; services change no row whose status does not allow it."""

UNFINISHED: Final = frozenset(status for status, later in TRANSITIONS.items() if later)
MAX_ATTEMPTS: Final = 3

NOUNS: Final[Mapping[TaskType, str]] = {
    TaskType.CLOSING_PERIOD: "closing",
    TaskType.IMPORT_DATA: "import",
    TaskType.REPORT: "report",
    TaskType.STOP_SUBSCRIPTIONS: "stop",
}
"""What people call a task of each type."""


def statuses_before(status: TaskStatus) -> frozenset[TaskStatus]:
    """Those that may become ``status``."""
    return frozenset(before for before, later in TRANSITIONS.items() if status in later)


def check_transition(before: TaskStatus, after: TaskStatus) -> None:
    """Raise ``ValueError`` where ``before`` may not become ``after``."""
    if after not in TRANSITIONS[before]:
        raise ValueError(f"a task that is {before} cannot become {after}")
