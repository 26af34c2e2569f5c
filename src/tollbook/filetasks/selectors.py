"""Which file tasks there are, for who is asking."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.notes import notes_on_wire
from tollbook.filetasks.rules import NOUNS, TaskStatus, TaskType
from tollbook.kernel.errors import NotFound

__all__ = [
    "database_now",
    "find_file_task",
    "find_task_of_type",
    "notes_on_wire",
    "visible_file_tasks",
]

_OWN: Final = frozenset({Role.SELLER, Role.CLIENT})


def visible_file_tasks(viewer: Viewer) -> QuerySet[FileTask]:
    """The tasks that the viewer may know of, each with its place in the queue."""
    seen = FileTask.objects.filter(**_seen_by(viewer))
    return seen.annotate(queue_position=_queue_position())  # type: ignore[no-redef]  # declared there


def find_file_task(viewer: Viewer, uuid: UUID) -> FileTask:
    """The task ``uuid``; ``NotFound`` as well where the viewer may not know of it."""
    task = visible_file_tasks(viewer).filter(pk=uuid).first()
    if task is None:
        raise NotFound(f"there is no file task {uuid}", field="uuid")
    return task


def find_task_of_type(viewer: Viewer, uuid: UUID, task_type: TaskType) -> FileTask:
    """As ``find_file_task``, and ``NotFound`` as well where the task is of another type."""
    missing = NotFound(f"there is no {NOUNS[task_type]} {uuid}", field="uuid")
    try:
        task = find_file_task(viewer, uuid)
    except NotFound:
        raise missing from None
    if task.task_type != task_type:
        raise missing
    return task


def database_now() -> datetime:
    """The one clock that workers on several machines share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _seen_by(viewer: Viewer) -> Mapping[str, Any]:
    if viewer.role in _OWN:
        return {"user_id": viewer.user_id}
    if viewer.role == Role.ADMIN:
        return {"reseller_id": viewer.reseller_id}
    return {}


def _queue_position() -> Case:
    earlier = Q(created_at__lt=OuterRef("created_at")) | Q(
        created_at=OuterRef("created_at"), uuid__lt=OuterRef("uuid")
    )
    ahead = (
        FileTask.objects.filter(earlier, status=TaskStatus.PENDING)
        .order_by()
        .values("status")
        .annotate(ahead=Count("*"))
        .values("ahead")
    )
    counted = Coalesce(Subquery(ahead, output_field=IntegerField()), 0) + 1
    return Case(When(status=TaskStatus.PENDING, then=counted), default=None)
