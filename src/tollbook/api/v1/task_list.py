"""Lists of file tasks of one type, and what asking for one more has in common."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.bodies import NO_FIELD
from tollbook.api.filters import Filter, any_of, field, on_day
from tollbook.api.items import list_operation
from tollbook.api.kinds import DATE, INTEGER, MOMENT, TEXT, one_of
from tollbook.api.operations import BODY_REFUSED, JSON, Answer, Operation, detail, field_errors
from tollbook.api.ordering import Ordering
from tollbook.api.paths import UUID_TEXT
from tollbook.api.shapes import UUID_SCHEMA
from tollbook.api.v1.file_task import FILE_TASK
from tollbook.api.views import ListView
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import NOUNS, TaskStatus, TaskType
from tollbook.filetasks.selectors import visible_file_tasks
from tollbook.kernel.errors import InvalidFields, InvalidInput

_FILTERS: Final[tuple[Filter, ...]] = (
    Filter("client_id", INTEGER, field("client_id"), "Only about this client."),
    Filter("created_after", MOMENT, field("created_at__gt"), "Asked for after that moment."),
    Filter("created_before", MOMENT, field("created_at__lt"), "Asked for before that moment."),
    Filter("created_on", DATE, on_day("created_at"), "Asked for on that day, by UTC."),
    Filter(
        "status", one_of(TaskStatus), any_of("status"), "Only in one of these states.", several=True
    ),
    Filter(
        "digest",
        TEXT,
        field("result_digest"),
        "Only whose result has this digest, in hexadecimal: the same rows as a file that you have.",
    ),
    Filter("uuid", TEXT, field("uuid__istartswith"), "Only whose uuid starts so."),
)
_ORDERS: Final = ("client_id", "created_at", "status", "task_type", "uuid")
REQUEST_ID_HEADER: Final[Mapping[str, Any]] = {
    "name": "Request-Id",
    "in": "header",
    "description": "An id of your own for the task, so that the call can be repeated.",
    "schema": UUID_SCHEMA,
}


class TaskList(ListView):
    """The tasks of ``task_type`` that the viewer may know of."""

    task_type: ClassVar[TaskType]
    shape = FILE_TASK
    filters: ClassVar[tuple[Filter, ...]] = _FILTERS
    ordering = Ordering({name: name for name in _ORDERS}, default=("-created_at",), key="uuid")

    def queryset_for(self, viewer: Viewer) -> QuerySet[FileTask]:
        """Those of the type among the viewer's tasks."""
        return visible_file_tasks(viewer).filter(task_type=self.task_type)


def read_body(body: object, known: Sequence[str]) -> Mapping[str, Any]:
    """The object that a request holds, with no other members than those ``known``."""
    if not isinstance(body, Mapping):
        raise InvalidInput("The body must be an object.", field=NO_FIELD)
    unknown = [str(name) for name in body if name not in known]
    if unknown:
        names = ", ".join(known)
        raise InvalidFields({name: [f"Unknown field; known are {names}."] for name in unknown[:10]})
    return body


def read_request_id(request: Request) -> UUID | None:
    """The id that the client gives its request, if any."""
    given = request.META.get("HTTP_REQUEST_ID")
    if given is None:
        return None
    if not UUID_TEXT.fullmatch(given.strip()):
        raise InvalidInput("This header must be a UUID.", field="Request-Id")
    return UUID(given.strip())


def created(request: Request, task: FileTask, view_name: str) -> Response:
    """The answer to a request that was recorded; ``view_name`` is that of the task's address."""
    place = reverse(f"v1:{view_name}", kwargs={"id": str(task.uuid)})
    return Response(
        FILE_TASK.row(task),
        status=201,
        headers={"Location": request.build_absolute_uri(place), "Request-Id": str(task.uuid)},
    )


def task_list_operation(
    view: type[TaskList], tag: str, *, things: str = ""
) -> dict[str, Operation]:
    """The document's words on a list of tasks, which are called ``things`` or after their type."""
    nouns = f"{NOUNS[view.task_type]}s"
    return list_operation(
        view,
        f"v1_{tag}_list",
        tag,
        f"List {nouns}",
        f"The {things or nouns} that you, or the other users of your company where you are its "
        "admin, have asked for; the newest first where no order is asked.",
        mistake={"status": ["This is none of Pending, InProgress, Completed."]},
    )


def created_answers(tag: str, task_type: TaskType, mistake: Mapping[str, Sequence[str]]) -> Any:
    """What the document says of the answers to asking for a task; ``mistake`` is a 400."""
    noun = NOUNS[task_type]
    return {
        201: Answer(
            f"The {noun} was recorded.",
            {JSON: FILE_TASK.reference},
            headers={
                "Location": {
                    "description": "Where to read it.",
                    "required": True,
                    "schema": {"type": "string", "format": "uri"},
                },
                "Request-Id": {
                    "description": "Its `uuid`.",
                    "required": True,
                    "schema": UUID_SCHEMA,
                },
            },
            links={
                "read": _link(f"v1_{tag}_retrieve", "id", "Follow it."),
                "download": _link(f"v1_{tag}_download_retrieve", "uuid", "Get its file."),
                "cancel": _link(f"v1_{tag}_cancel_create", "uuid", "Stop it."),
                "remove": _link(f"v1_{tag}_destroy", "id", "Remove it."),
            },
        ),
        400: field_errors(
            "The body is no JSON or form, or a field of it cannot be taken.", mistake
        ),
        409: detail(
            "The `Request-Id` belongs to another request.",
            "The request id 0d5ff8ba-7f3f-4d0a-9c5e-0a3f6d0f5f11 belongs to another request.",
        ),
        **BODY_REFUSED,
    }


def _link(operation_id: str, parameter: str, description: str) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "parameters": {parameter: "$response.body#/uuid"},
        "description": description,
    }
