"""``/reports``: asking for reports, following them, stopping and removing them."""

from typing import Any, Final

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.bodies import object_member
from tollbook.api.filters import Filter, field
from tollbook.api.kinds import TEXT
from tollbook.api.ordering import Ordering
from tollbook.api.v1.download_document import DOWNLOAD_COMPONENTS
from tollbook.api.v1.report_request import CREATE_REPORT, TAG, request_schemas
from tollbook.api.v1.task_items import task_views
from tollbook.api.v1.task_list import (
    TaskList,
    created,
    read_body,
    read_request_id,
    task_list_operation,
)
from tollbook.filetasks.rules import TaskType
from tollbook.reports.services import submit_report

BODY_FIELDS: Final = ("template_code", "parameters")
VIEWS: Final = task_views(TaskType.REPORT, TAG)


class Reports(TaskList):
    """The reports that were asked for, and asking for one more."""

    task_type = TaskType.REPORT
    filters = (
        *TaskList.filters,
        Filter(
            "template",
            TEXT,
            field("template__icontains"),
            "Only of templates whose code contains this, in any case of letters.",
        ),
    )
    ordering = Ordering(
        {**TaskList.ordering.columns, "template": "template"}, default=("-created_at",), key="uuid"
    )

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the list, of the request and of the download's own answers."""
        return {**super().components(), **request_schemas(), **DOWNLOAD_COMPONENTS}

    def post(self, request: Request) -> Response:
        """Record the request and answer the task; the same ``Request-Id`` finds it again."""
        body = read_body(request.data, BODY_FIELDS)
        task = submit_report(
            viewer=self.viewer,
            template_code=body.get("template_code"),
            parameters=object_member(body, "parameters"),
            request_id=read_request_id(request),
            now=timezone.now(),
        )
        return created(request, task, "report")


Reports.operations = {
    **task_list_operation(Reports, TAG),
    "post": CREATE_REPORT,
}
