"""What a message says: the event, when it was, and the task as the API shows it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.filetasks.selectors import notes_on_wire

MOST_NOTES: Final = 20
"""Errors or warnings that a message holds; the API shows all."""

_BASE: Final = "/billing/org/v1"
FOLDERS: Final[Mapping[TaskType, str]] = {
    TaskType.REPORT: "reports",
    TaskType.CLOSING_PERIOD: "closings",
    TaskType.IMPORT_DATA: "imports",
    TaskType.STOP_SUBSCRIPTIONS: "subscriptions/stop",
}
"""Where the API has the tasks of each type."""


def message_body(event: str, data: Mapping[str, Any], *, at: datetime) -> str:
    """The JSON text of a message."""
    told = {"type": event, "timestamp": _moment(at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def task_data(task: FileTask) -> dict[str, Any]:
    """The task in the API's own words, and where to read and download it."""
    place = f"{_BASE}/{FOLDERS[TaskType(task.task_type)]}/{task.uuid}"
    return {
        "uuid": str(task.uuid),
        "created_at": _moment(task.created_at),
        "updated_at": _moment(task.updated_at),
        "user_id": task.user_id,
        "client_id": task.client_id,
        "task_type": task.task_type,
        "template": task.template or None,
        "status": task.status,
        "parameters": task.parameters,
        "processing_notes": _shortened(notes_on_wire(task)),
        "path": place,
        "download": f"{place}/download" if task.status == TaskStatus.COMPLETED else None,
    }


def _shortened(notes: dict[str, Any]) -> dict[str, Any]:
    short = {name: (notes.get(name) or [])[:MOST_NOTES] for name in ("errors", "warnings")}
    return {**notes, **short}


def _moment(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds and a ``Z``, as the API writes it."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
