"""Running work: claimed once, kept alive by a heartbeat, settled by whoever still holds it."""

import time
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from tollbook.filetasks.failures import INTERNAL, Failure, failure_of
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.notes import with_note
from tollbook.filetasks.queue import ANNOUNCE_ENDINGS, send_message
from tollbook.filetasks.results import discard_attempt, discard_others
from tollbook.filetasks.rules import MAX_ATTEMPTS, UNFINISHED, TaskStatus, statuses_before
from tollbook.filetasks.services.heartbeat import held_by, kept_alive, lease_end
from tollbook.filetasks.work import Progress, TaskOutcome, TaskStopped, Work

_AGAIN_SECONDS: Final = 0.5
_log = structlog.get_logger(__name__)


def run_file_task(uuid: UUID, *, work: Work) -> None:
    """Do the work if nobody else does; a message that comes twice finds nothing to claim.

    Failures that are known end in the row. One that is not is recorded as ``internal`` and raised.
    """
    task = _claim(uuid)
    if task is None:
        _log.info("file_task_not_claimed", file_task=str(uuid))
        return
    with structlog.contextvars.bound_contextvars(file_task=str(uuid), attempt=task.attempt):
        _attempt(task, work)


def _claim(uuid: UUID) -> FileTask | None:
    """Take the task if it is pending; of many who try at once one gets it."""
    claimable = statuses_before(TaskStatus.IN_PROGRESS)
    taken = FileTask.objects.filter(pk=uuid, status__in=claimable).update(
        status=TaskStatus.IN_PROGRESS,
        attempt=F("attempt") + 1,
        lease_expires_at=lease_end(),
        started_at=Coalesce("started_at", Now()),
        updated_at=Now(),
    )
    task = FileTask.objects.filter(pk=uuid).first() if taken else None
    if task is not None:
        task.processing_notes |= {"attempt": task.attempt, "records_processed": 0}
    return task


def _attempt(task: FileTask, work: Work) -> None:
    progress = Progress()
    _log.info("file_task_claimed")
    try:
        with kept_alive(task, progress):
            outcome = work(task, progress)
            progress.check()
    except TaskStopped:
        discard_attempt(task)
        _log.info("file_task_stopped")
    except Exception as error:
        failure = failure_of(error)
        _log.warning("file_task_attempt_failed", code=failure.code, error=str(error))
        _settle_failure(task, failure)
        if failure is INTERNAL:
            raise
    else:
        _settle_success(task, outcome)


def _settle_success(task: FileTask, outcome: TaskOutcome) -> None:
    notes = {
        **task.processing_notes,
        "records_processed": outcome.rows,
        "records_to_process": outcome.rows,
        "rows": outcome.rows,
        "digest": outcome.digest,
        **outcome.notes,
    }
    _settle(
        task,
        TaskStatus.COMPLETED,
        finished_at=Now(),
        result_key=outcome.key,
        result_bytes=outcome.bytes,
        result_rows=outcome.rows,
        result_digest=outcome.digest,
        result_expires_at=Now() + timedelta(days=settings.RESULT_RETENTION_DAYS),
        processing_notes=notes,
    )
    kept = FileTask.objects.filter(pk=task.pk, result_key=outcome.key).exists()
    if kept:
        discard_others(task, keep=outcome.key)
        _log.info("file_task_completed", rows=outcome.rows, bytes=outcome.bytes)
    else:
        discard_attempt(task)
        _log.info("file_task_lost_before_its_end")


def _settle_failure(task: FileTask, failure: Failure) -> None:
    if failure.tries_again and task.attempt < MAX_ATTEMPTS:
        note = {**failure.note(), "attempt": task.attempt}
        _settle(
            task,
            TaskStatus.PENDING,
            queued_at=None,
            processing_notes=with_note(task.processing_notes, "warnings", note),
        )
    else:
        _settle(
            task,
            TaskStatus.FAILED,
            finished_at=Now(),
            processing_notes=with_note(task.processing_notes, "errors", failure.note()),
        )
    discard_attempt(task)


def _settle(task: FileTask, status: TaskStatus, **changes: Any) -> None:
    """End this attempt, if it is still ours; waits for a database that restarts, for one lease."""
    deadline = time.monotonic() + settings.FILE_TASK_LEASE_SECONDS
    while True:
        try:
            row = held_by(task).filter(status__in=statuses_before(status))
            row.update(status=status, lease_expires_at=None, updated_at=Now(), **changes)
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            break
    if status not in UNFINISHED:
        transaction.on_commit(partial(send_message, ANNOUNCE_ENDINGS))
