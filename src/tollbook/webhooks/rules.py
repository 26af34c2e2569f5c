"""Pure decisions: which event an ended task is, when to try again, and when to leave off."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db.models import TextChoices

from tollbook.clients.rules import Role
from tollbook.filetasks.rules import TaskStatus, TaskType


class Event(TextChoices):
    """What an endpoint may want to be told of."""

    REPORT_COMPLETED = "report.completed", "report completed"
    REPORT_FAILED = "report.failed", "report failed"
    CLOSING_COMPLETED = "closing.completed", "closing completed"
    CLOSING_FAILED = "closing.failed", "closing failed"
    IMPORT_COMPLETED = "import.completed", "import completed"
    IMPORT_FAILED = "import.failed", "import failed"
    STOP_COMPLETED = "stop.completed", "stop of subscriptions completed"
    STOP_FAILED = "stop.failed", "stop of subscriptions failed"


PING: Final = "ping"
"""What is sent to try an endpoint, whatever it wants to be told of."""

TASK_EVENTS: Final[Mapping[tuple[TaskType, TaskStatus], Event]] = {
    (TaskType.REPORT, TaskStatus.COMPLETED): Event.REPORT_COMPLETED,
    (TaskType.REPORT, TaskStatus.FAILED): Event.REPORT_FAILED,
    (TaskType.CLOSING_PERIOD, TaskStatus.COMPLETED): Event.CLOSING_COMPLETED,
    (TaskType.CLOSING_PERIOD, TaskStatus.FAILED): Event.CLOSING_FAILED,
    (TaskType.IMPORT_DATA, TaskStatus.COMPLETED): Event.IMPORT_COMPLETED,
    (TaskType.IMPORT_DATA, TaskStatus.FAILED): Event.IMPORT_FAILED,
    (TaskType.STOP_SUBSCRIPTIONS, TaskStatus.COMPLETED): Event.STOP_COMPLETED,
    (TaskType.STOP_SUBSCRIPTIONS, TaskStatus.FAILED): Event.STOP_FAILED,
}
"""Who cancels a task knows; so nobody is told of that."""


class DeliveryStatus(TextChoices):
    """Where a message stands."""

    PENDING = "Pending", "pending"
    DELIVERED = "Delivered", "delivered"
    FAILED = "Failed", "failed"


MAY_USE: Final = frozenset({Role.OPERATOR, Role.ADMIN})
"""Roles that see and change endpoints."""

MOST_ENDPOINTS: Final = 50
"""Of one reseller, or of the operator."""

TRIED_FOR: Final = timedelta(days=4)
"""How long a message is tried, from when it was made or asked for again."""

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=12)
FIRST_REST: Final = timedelta(seconds=2)
LONGEST_REST: Final = timedelta(minutes=15)
GONE: Final = 410
_TOO_MANY: Final = 429
_MOST_TIMES: Final = 20
_SPREAD_PERCENT: Final = 20


def pause_after(attempts: int, *, spread: int, asked: int | None) -> timedelta:
    """How long after its ``attempts``-th failure a message waits: three times as long each time.

    ``spread``, from -100 to 100, moves that by up to a fifth, so that many that failed together do
    not come again together. What the receiver ``asked`` for, in seconds, is granted if longer.
    """
    longer = int(3 ** min(attempts - 1, _MOST_TIMES))
    plain = min(FIRST_PAUSE * longer, LONGEST_PAUSE)
    moved = plain + plain * spread * _SPREAD_PERCENT / 10_000
    granted = min(timedelta(seconds=asked or 0), LONGEST_PAUSE)
    return max(moved, granted)


def rest_after(failures: int) -> timedelta:
    """How long an endpoint that does not answer gets nothing at all, by failures in a row."""
    return min(FIRST_REST * (1 << min(failures - 1, _MOST_TIMES)), LONGEST_REST)


def is_success(status: int | None) -> bool:
    """Whether the receiver took the message."""
    return status is not None and 200 <= status < 300


def is_down(status: int | None) -> bool:
    """Whether the receiver as such is in trouble, and not just with this message."""
    return status is None or status >= 500 or status == _TOO_MANY
