"""Sweeping: work whose worker died is taken back, work whose message was lost is sent again."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NoReturn

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest, Least

from tollbook.filetasks.failures import WORKER_LOST
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.notes import with_note
from tollbook.filetasks.queue import wake_workers
from tollbook.filetasks.results import discard_results
from tollbook.filetasks.rules import MAX_ATTEMPTS, TaskStatus, check_transition
from tollbook.filetasks.selectors import database_now

FIRST_RESEND: Final = timedelta(seconds=30)
LONGEST_RESEND: Final = timedelta(minutes=2)
AT_ONCE: Final = 500
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Swept:
    """How many tasks a sweep took back, gave up and sent again."""

    taken_back: int
    given_up: int
    sent: int


def sweep_file_tasks(now: datetime) -> Swept:
    """Heal what stands still; ``now`` is by the database's clock. Two sweeps at once share it."""
    taken_back, lost = _take_back(now)
    for task in lost:
        discard_results(task.uuid)
    waiting = _due_for_a_message(now)
    wake_workers(waiting)
    swept = Swept(taken_back, len(lost), len(waiting))
    if swept != Swept(0, 0, 0):
        _log.info("swept", taken_back=taken_back, given_up=len(lost), sent=len(waiting))
    return swept


def keep_sweeping(seconds: float) -> NoReturn:
    """Sweep every so many ``seconds`` for as long as the process lives; an absent ledger waits."""
    while True:
        try:
            close_old_connections()
            sweep_file_tasks(database_now())
        except (OperationalError, InterfaceError) as error:
            _log.warning("sweep_put_off", reason=str(error).strip())
        time.sleep(seconds)


@transaction.atomic
def _take_back(now: datetime) -> tuple[int, list[FileTask]]:
    """Tasks in progress whose lease ran out wait again, or have failed after the last attempt."""
    abandoned = list(
        FileTask.objects.select_for_update(skip_locked=True)
        .filter(status=TaskStatus.IN_PROGRESS, lease_expires_at__lt=now)
        .order_by("lease_expires_at")[:AT_ONCE]
    )
    lost = [task for task in abandoned if task.attempt >= MAX_ATTEMPTS]
    for task in abandoned:
        task.lease_expires_at = None
        task.updated_at = now
        note = {**WORKER_LOST.note(), "attempt": task.attempt}
        after = TaskStatus.FAILED if task in lost else TaskStatus.PENDING
        check_transition(TaskStatus(task.status), after)
        task.status = after
        if task in lost:
            task.finished_at = now
            task.processing_notes = with_note(task.processing_notes, "errors", note)
        else:
            task.queued_at = None
            task.processing_notes = with_note(task.processing_notes, "warnings", note)
    changed = ("status", "queued_at", "lease_expires_at", "updated_at", "finished_at")
    FileTask.objects.bulk_update(abandoned, (*changed, "processing_notes"))
    return len(abandoned) - len(lost), lost


@transaction.atomic
def _due_for_a_message(now: datetime) -> list[FileTask]:
    """Pending tasks that were never sent, or so long ago that the message may be lost.

    A task may just wait in a long queue, where one more message is harmless but useless: so the
    pause doubles with each, from ``FIRST_RESEND`` to ``LONGEST_RESEND``.
    """
    waited = ExpressionWrapper(F("queued_at") - F("created_at"), output_field=DurationField())
    pause = Least(Greatest(waited, Value(FIRST_RESEND)), Value(LONGEST_RESEND))
    due = ExpressionWrapper(F("queued_at") + pause, output_field=DateTimeField())
    waiting: list[FileTask] = list(
        FileTask.objects.select_for_update(skip_locked=True)
        .alias(due=due)
        .filter(Q(queued_at=None) | Q(due__lte=now), status=TaskStatus.PENDING)
        .order_by("created_at")[:AT_ONCE]
    )
    FileTask.objects.filter(pk__in=[task.pk for task in waiting]).update(queued_at=now)
    return waiting
