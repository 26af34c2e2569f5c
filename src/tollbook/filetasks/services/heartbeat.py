"""The heartbeat: a thread with a connection of its own that holds a task while work is done.

It renews the lease, writes progress, and looks four times a second whether the task is still ours.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.work import Progress

LOOK_SECONDS: Final = 0.25
_LAST_LOOK_SECONDS: Final = 10.0
_log = structlog.get_logger(__name__)


@contextmanager
def kept_alive(task: FileTask, progress: Progress) -> Iterator[None]:
    """Hold ``task`` until the block ends; ``progress`` is stopped when it is lost."""
    ended = threading.Event()
    heart = _Heart(task, progress)
    thread = threading.Thread(target=heart.beat, args=(ended,), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_LAST_LOOK_SECONDS)


def held_by(task: FileTask) -> QuerySet[FileTask]:
    """The row of ``task`` as long as it belongs to this attempt."""
    return FileTask.objects.filter(pk=task.pk, attempt=task.attempt, status=TaskStatus.IN_PROGRESS)


def lease_end() -> CombinedExpression:
    """One lease from now, by the database's clock."""
    return Now() + timedelta(seconds=settings.FILE_TASK_LEASE_SECONDS)


class _Heart:
    """The state of one heartbeat."""

    def __init__(self, task: FileTask, progress: Progress) -> None:
        self._task = task
        self._progress = progress
        self._written: Mapping[str, int] = {}
        self._renewed = time.monotonic()

    def beat(self, ended: threading.Event) -> None:
        """Look until ``ended`` or lost."""
        try:
            while not self._progress.stopped and not ended.wait(LOOK_SECONDS):
                self._look()
        finally:
            connection.close()

    def _look(self) -> None:
        began = time.monotonic()
        try:
            if not self._still_held(began):
                self._progress.stop()
        except (OperationalError, InterfaceError) as error:
            connection.close()
            if began - self._renewed > settings.FILE_TASK_LEASE_SECONDS:
                _log.warning("lease_lost", file_task=str(self._task.pk), error=str(error))
                self._progress.stop()

    def _still_held(self, began: float) -> bool:
        numbers = self._progress.numbers
        due = began - self._renewed >= settings.FILE_TASK_HEARTBEAT_SECONDS
        row = held_by(self._task)
        if not due and numbers == self._written:
            return row.exists()
        notes: dict[str, Any] = {**self._task.processing_notes, **numbers}
        kept = row.update(lease_expires_at=lease_end(), updated_at=Now(), processing_notes=notes)
        self._written, self._renewed = numbers, began
        return bool(kept)
