"""Cancelling and removing work; whoever runs it notices within a second."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import discard_results
from tollbook.filetasks.rules import TaskStatus, statuses_before
from tollbook.filetasks.selectors import find_file_task
from tollbook.kernel.errors import Conflict, Forbidden


def cancel_file_task(*, viewer: Viewer, uuid: UUID, now: datetime) -> FileTask:
    """Stop an unfinished task and keep its row, ``Cancelled``; a finished one is a ``Conflict``."""
    _check_may_write(viewer)
    find_file_task(viewer, uuid)
    with transaction.atomic():
        stoppable = statuses_before(TaskStatus.CANCELLED)
        cancelled = FileTask.objects.filter(pk=uuid, status__in=stoppable).update(
            status=TaskStatus.CANCELLED, lease_expires_at=None, finished_at=now, updated_at=now
        )
        task = find_file_task(viewer, uuid)
        if not cancelled:
            raise Conflict(f"the task is {task.status} already and cannot be cancelled")
        transaction.on_commit(partial(discard_results, uuid))
    return task


def delete_file_task(*, viewer: Viewer, uuid: UUID) -> None:
    """Remove the task and its result; unfinished work is stopped by that."""
    _check_may_write(viewer)
    task = find_file_task(viewer, uuid)
    with transaction.atomic():
        task.delete()
        transaction.on_commit(partial(discard_results, uuid))


def _check_may_write(viewer: Viewer) -> None:
    if not viewer.may_write:
        raise Forbidden("this role may only read")
