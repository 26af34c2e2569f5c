"""Recording work and waking a worker for it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.notes import opening_notes
from tollbook.filetasks.queue import wake_workers
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.selectors import find_file_task, visible_file_tasks
from tollbook.kernel.errors import Conflict, Forbidden


def submit_file_task(
    *,
    viewer: Viewer,
    task_type: TaskType,
    template: str = "",
    parameters: Mapping[str, Any],
    resolved: Mapping[str, Any],
    client_id: int,
    request_id: UUID | None,
    now: datetime,
) -> FileTask:
    """Record the work and queue it once that is committed; no broker is needed to succeed.

    The same request under the same ``request_id`` gives the task that is there already; another
    one under it is a ``Conflict``. An id that belongs to a task which the viewer may not know of is
    not refused, as that would tell: another one stands for it, the same each time.
    """
    if not viewer.may_write:
        raise Forbidden("this role may only read")
    digest = _digest(viewer, task_type, template, parameters)
    with transaction.atomic():
        task, fresh = _find_or_make(
            viewer,
            request_id,
            task_type=task_type,
            user_id=viewer.user_id,
            reseller_id=viewer.reseller_id,
            client_id=client_id,
            template=template,
            parameters=dict(parameters),
            request_digest=digest,
            processing_notes=opening_notes(resolved),
            created_at=now,
            updated_at=now,
            queued_at=now,
        )
        if task.request_digest != digest:
            raise Conflict(f"the request id {task.uuid} belongs to another request")
        if fresh:
            transaction.on_commit(partial(wake_workers, [task]))
    return find_file_task(viewer, task.uuid)


def _find_or_make(viewer: Viewer, request_id: UUID | None, **fields: Any) -> tuple[FileTask, bool]:
    if request_id is None:
        return FileTask.objects.create(**fields), True
    task, fresh = FileTask.objects.get_or_create(uuid=request_id, defaults=fields)
    if fresh or visible_file_tasks(viewer).filter(pk=request_id).exists():
        return task, fresh
    own = uuid5(request_id, f"of user {viewer.user_id}")
    return FileTask.objects.get_or_create(uuid=own, defaults=fields)


def _digest(
    viewer: Viewer, task_type: TaskType, template: str, parameters: Mapping[str, Any]
) -> str:
    request = [viewer.user_id, task_type, template, parameters]
    text = json.dumps(request, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
