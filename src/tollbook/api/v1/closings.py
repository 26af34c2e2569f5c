"""``/closings``: asking for a month to be closed, and following that; ours."""

from typing import Any, Final

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.bodies import StrictJson
from tollbook.api.operations import JSON, Operation
from tollbook.api.v1.task_items import task_views
from tollbook.api.v1.task_list import (
    REQUEST_ID_HEADER,
    TaskList,
    created,
    created_answers,
    read_body,
    read_request_id,
    task_list_operation,
)
from tollbook.filetasks.rules import TaskType
from tollbook.invoicing.services import check_may_close, submit_closing

TAG: Final = "closings"
VIEWS: Final = task_views(TaskType.CLOSING_PERIOD, TAG)
_REQUEST: Final = "ClosingRequest"
_NUMBER: Final = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Which month is to be closed, and for whom.",
    "properties": {
        "month": {
            "type": "string",
            "pattern": r"^20\d{2}-(0[1-9]|1[0-2])$",
            "description": "A month that has ended, in UTC.",
        },
        "reseller": {
            **_NUMBER,
            "type": ["integer", "null"],
            "description": "Whose month; your own, which a reseller's key may leave out.",
        },
        "client_ids": {
            "type": ["array", "null"],
            "items": _NUMBER,
            "minItems": 1,
            "maxItems": 10_000,
            "description": "Only these clients; the month closes once nobody is left.",
        },
        "dry_run": {
            "type": ["boolean", "null"],
            "description": "Make the same result and keep nothing else of it.",
        },
    },
    "required": ["month"],
    "additionalProperties": False,
    "examples": [{"month": "2026-10"}],
}


class Closings(TaskList):
    """The closings that were asked for, and asking for one more."""

    task_type = TaskType.CLOSING_PERIOD
    parser_classes = (StrictJson,)

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the list and of the request."""
        return {**super().components(), _REQUEST: _SCHEMA}

    def check_writer(self) -> None:
        """Only operators and resellers' admins close months."""
        check_may_close(self.viewer)

    def post(self, request: Request) -> Response:
        """Record the request and answer the task; the same ``Request-Id`` finds it again."""
        body = read_body(request.data, tuple(_SCHEMA["properties"]))
        asked = {name: body.get(name) for name in _SCHEMA["properties"]}
        task = submit_closing(
            viewer=self.viewer, request_id=read_request_id(request), now=timezone.now(), **asked
        )
        return created(request, task, "closing")


Closings.operations = {
    **task_list_operation(Closings, TAG),
    "post": Operation(
        "v1_closings_create",
        TAG,
        "Close a month",
        "Rates the month for the last time and makes invoices of it, client by client; an addition "
        "to the published API, for operators and resellers' admins. Answers at once: follow it by "
        "its `uuid`; `processing_notes.errors` names the clients that could not be closed. Asking "
        "again bills nobody twice. `dry_run` makes the same result and keeps nothing else.",
        created_answers(
            TAG,
            TaskType.CLOSING_PERIOD,
            {"month": ["2026-11 has not ended: it can be closed from 2026-12-01 on, in UTC."]},
        ),
        parameters=(REQUEST_ID_HEADER,),
        request={
            "required": True,
            "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{_REQUEST}"}}},
        },
    ),
}
