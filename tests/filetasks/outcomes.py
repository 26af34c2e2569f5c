"""What a finished task has left behind."""

from datetime import UTC, datetime
from typing import Any

from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import open_result
from tollbook.filetasks.rules import TaskType


def rows_of(viewer: Viewer, task: FileTask) -> list[dict[str, Any]]:
    """The rows of its result, by column key."""
    opened = open_result(viewer, task.uuid, TaskType(task.task_type), now=datetime.now(UTC))
    try:
        return [row for batch in opened.result.batches() for row in batch.to_pylist()]
    finally:
        opened.close()
