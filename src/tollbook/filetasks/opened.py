"""Opening the result of a finished task, for who is asking."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pyarrow import NativeFile

from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import NOUNS, TaskStatus, TaskType
from tollbook.filetasks.selectors import find_task_of_type
from tollbook.kernel.errors import DomainError, Gone
from tollbook.results.result_file import ResultFile


class ResultNotReady(DomainError):
    """There is no result to read; ``status`` tells whether there will be, ``reason`` why not."""

    code = "result_not_ready"

    def __init__(self, task_type: TaskType, status: TaskStatus, reason: str) -> None:
        super().__init__(reason)
        self.task_type = task_type
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class OpenedResult:
    """A finished task and its file, to be closed by whoever asked for it."""

    task: FileTask
    result: ResultFile
    file: NativeFile

    def close(self) -> None:
        """Let the file go."""
        self.result.close()
        self.file.close()


def open_result(viewer: Viewer, uuid: UUID, task_type: TaskType, *, now: datetime) -> OpenedResult:
    """Open the result; raises ``ResultNotReady``, or ``Gone`` once it has expired."""
    task = find_task_of_type(viewer, uuid, task_type)
    if task.status != TaskStatus.COMPLETED:
        raise ResultNotReady(task_type, TaskStatus(task.status), _reason(task))
    if task.result_expires_at is not None and task.result_expires_at <= now:
        raise Gone(f"the result expired at {task.result_expires_at.isoformat()}")
    try:
        file = result_store().open(task.result_key)
    except FileNotFoundError as error:
        raise Gone("the result is not kept any more") from error
    return OpenedResult(task, ResultFile(file), file)


def _reason(task: FileTask) -> str:
    noun = NOUNS[TaskType(task.task_type)]
    if task.status == TaskStatus.FAILED:
        errors = task.processing_notes.get("errors") or [{}]
        return f"the {noun} failed: {errors[-1].get('message', 'no reason is known')}"
    if task.status == TaskStatus.CANCELLED:
        return f"the {noun} was cancelled"
    return f"the {noun} is not ready yet: {task.status}"
