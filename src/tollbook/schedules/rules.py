"""Pure decisions: what a schedule asks for, where results go, how long a failed way is tried."""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.db.models import TextChoices

FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=1)
MOST_TRIES: Final = 20
"""How often an export is tried, within about twelve hours."""

LEASE: Final = timedelta(minutes=10)
"""How long a worker is trusted with bringing a result to its place."""

MOST_SCHEDULES: Final = 200
"""Of one reseller, or of the operator."""

LONGEST_KEPT: Final = 3_650
_MOST_DOUBLINGS: Final = 20
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAMESPACE: Final = UUID("6f0f5f0e-6f5c-5b0b-9d4e-0d8f6a1c2b3e")


class Kind(TextChoices):
    """What a schedule asks for."""

    REPORT = "report", "report"
    CLOSING = "closing", "closing of the previous month"


class Target(TextChoices):
    """Where the result goes."""

    STORAGE = "storage", "storage"
    WEBHOOK = "webhook", "webhook"


class RunState(TextChoices):
    """Where a run stands."""

    PENDING = "Pending", "pending"
    COMPLETED = "Completed", "completed"
    FAILED = "Failed", "failed"


def request_id_of(schedule_id: int, moment: datetime) -> UUID:
    """The id under which a run asks for its task: the same, however often it is asked."""
    return uuid5(_NAMESPACE, f"schedule {schedule_id} at {moment.isoformat()}")


def export_key(owner: str, name: str, moment: datetime, extension: str) -> str:
    """Where a result is put: ``exports/<reseller>/<name>/<moment>.<extension>``."""
    fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
    return f"exports/{owner}/{name}/{moment:%Y%m%dT%H%M%S}{fraction}Z.{extension}"


def pause_after(tries: int) -> timedelta:
    """How long after its ``tries``-th failure an export waits."""
    doublings = min(tries - 1, _MOST_DOUBLINGS)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
