"""One file task of a type: reading it, removing it, stopping it, the file and rows that it made.

``task_views`` makes the views of a type, so that reports, closings and the others answer alike.
"""

from dataclasses import dataclass
from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.operations import JSON, NOT_FOUND, Answer, Operation, detail
from tollbook.api.paths import read_uuid, uuid_parameter
from tollbook.api.v1.download_document import download_operation
from tollbook.api.v1.file_task import FILE_TASK
from tollbook.api.v1.task_download import TaskDownload
from tollbook.api.v1.task_rows import TaskRows, rows_operation
from tollbook.api.views import ApiView
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import NOUNS, TaskType
from tollbook.filetasks.selectors import find_task_of_type
from tollbook.filetasks.services import cancel_file_task, delete_file_task


class TaskItem(ApiView):
    """One task of ``task_type``."""

    task_type: ClassVar[TaskType]

    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Answer the task."""
        return Response(FILE_TASK.row(_found(self.viewer, id, self.task_type)))

    def delete(self, request: Request, id: str) -> Response:  # noqa: A002
        """Remove the task."""
        delete_file_task(viewer=self.viewer, uuid=_found(self.viewer, id, self.task_type).uuid)
        return Response(status=204)


class TaskCancel(ApiView):
    """Stopping one task of ``task_type``."""

    task_type: ClassVar[TaskType]

    def post(self, request: Request, uuid: str) -> Response:
        """Stop the task and answer it."""
        task = _found(self.viewer, uuid, self.task_type)
        cancelled = cancel_file_task(viewer=self.viewer, uuid=task.uuid, now=timezone.now())
        return Response(FILE_TASK.row(cancelled))


@dataclass(frozen=True)
class TaskViews:
    """The views of one type of task."""

    item: type[TaskItem]
    cancel: type[TaskCancel]
    download: type[TaskDownload]
    rows: type[TaskRows]


def task_views(task_type: TaskType, tag: str) -> TaskViews:
    """The views of the tasks of a type under ``/<tag>/{uuid}``, with the document's words."""
    noun = NOUNS[task_type]
    name = task_type.value
    item = {"get": _read(tag, noun), "delete": _destroy(tag, noun)}
    cancel, download = {"post": _cancel(tag, noun)}, {"get": download_operation(tag, noun)}
    rows = {"get": rows_operation(tag, noun)}
    return TaskViews(
        type(f"{name}Item", (TaskItem,), {"task_type": task_type, "operations": item}),
        type(f"{name}Cancel", (TaskCancel,), {"task_type": task_type, "operations": cancel}),
        type(f"{name}Download", (TaskDownload,), {"task_type": task_type, "operations": download}),
        type(f"{name}Rows", (TaskRows,), {"task_type": task_type, "operations": rows}),
    )


def _found(viewer: Viewer, text: str, task_type: TaskType) -> FileTask:
    return find_task_of_type(viewer, read_uuid(text), task_type)


def _read(tag: str, noun: str) -> Operation:
    return Operation(
        f"v1_{tag}_retrieve",
        tag,
        f"Read a {noun}'s state",
        f"Where the {noun} stands. Ask again until `status` is `Completed`, then download it; "
        "`processing_notes` tells how far it is, or why it failed and whether asking again "
        "can help.",
        {200: Answer(f"The {noun}.", {JSON: FILE_TASK.reference}), 404: NOT_FOUND},
        parameters=(uuid_parameter("id", f"The {noun}'s `uuid`."),),
    )


def _destroy(tag: str, noun: str) -> Operation:
    return Operation(
        f"v1_{tag}_destroy",
        tag,
        f"Remove a {noun}",
        f"Removes the {noun} with its file. One that is not finished is stopped first.",
        {204: Answer("It is gone."), 404: NOT_FOUND},
        parameters=(uuid_parameter("id", f"The {noun}'s `uuid`."),),
    )


def _cancel(tag: str, noun: str) -> Operation:
    return Operation(
        f"v1_{tag}_cancel_create",
        tag,
        f"Stop a {noun}",
        f"Stops a {noun} that is not finished and keeps it in the list as `Cancelled`.",
        {
            200: Answer(f"The {noun}, `Cancelled`.", {JSON: FILE_TASK.reference}),
            404: NOT_FOUND,
            409: detail(
                "It is finished already.",
                "the task is Completed already and cannot be cancelled",
            ),
        },
        parameters=(uuid_parameter("uuid", f"The {noun}'s `uuid`."),),
    )
