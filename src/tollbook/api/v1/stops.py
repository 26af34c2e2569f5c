"""``/subscriptions/stop``: ending what clients have subscribed to, as background work; ours."""

from typing import Any, ClassVar, Final

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.bodies import StrictJson
from tollbook.api.members import (
    ID_SCHEMA,
    IDS_SCHEMA,
    MOMENT_SCHEMA,
    Member,
    members_schema,
    read_id,
    read_ids,
    read_members,
    read_moment_text,
)
from tollbook.api.operations import JSON, Operation
from tollbook.api.v1.task_items import task_views
from tollbook.api.v1.task_list import (
    REQUEST_ID_HEADER,
    TaskList,
    created,
    created_answers,
    read_request_id,
    task_list_operation,
)
from tollbook.expenses.services import MOST_ADDENDUMS, check_may_stop, submit_stop
from tollbook.filetasks.rules import TaskType

TAG: Final = "stops"
COMPONENT: Final = "StopSubscriptionsRequest"
EXAMPLE: Final = {"client_id": 1001, "product_id": 5, "at": "2026-11-15T12:00:00Z"}
VIEWS: Final = task_views(TaskType.STOP_SUBSCRIPTIONS, TAG)
MEMBERS: Final = (
    Member("client_id", ID_SCHEMA, read_id, "Whose subscriptions.", required=True),
    Member("product_id", ID_SCHEMA, read_id, "Only those of contracts on this product."),
    Member(
        "addendum_ids",
        {**IDS_SCHEMA, "maxItems": MOST_ADDENDUMS},
        read_ids,
        "Only those of these contracts, which must be the client's.",
    ),
    Member(
        "at",
        MOMENT_SCHEMA,
        read_moment_text,
        "When they end, exclusive: in the past or to come, but in no month that is closed.",
        required=True,
    ),
)


class Stops(TaskList):
    """The stops that were asked for, and asking for one more."""

    task_type = TaskType.STOP_SUBSCRIPTIONS
    parser_classes = (StrictJson,)

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the list and of the request."""
        words = "Whose subscriptions end, which of them, and when."
        return {**super().components(), COMPONENT: members_schema(MEMBERS, words, EXAMPLE)}

    def check_writer(self) -> None:
        """Refuse all but the operator and a reseller's admins."""
        check_may_stop(self.viewer)

    def post(self, request: Request) -> Response:
        """Record the request and answer the task; the same ``Request-Id`` finds it again."""
        asked = read_members(request.data, MEMBERS)
        task = submit_stop(
            viewer=self.viewer,
            **asked,
            request_id=read_request_id(request),
            now=timezone.now(),
        )
        return created(request, task, "stop")

    operations: ClassVar = {}


Stops.operations = {
    **task_list_operation(Stops, TAG, things="stops of subscriptions"),
    "post": Operation(
        "v1_stops_create",
        TAG,
        "Stop subscriptions",
        "Ends a client's subscriptions at a moment: all of them, those on a product, or those of "
        "some contracts. A worker does it; the file that it leaves tells of every subscription "
        "whether it was stopped, had ended already, or could not be stopped and why. A contract "
        "ends with its last subscription. Fees are owed until then; see the guide.\n\n"
        "The operator and the reseller's admins may do this. Asking again stops nothing twice.",
        created_answers(
            TAG,
            TaskType.STOP_SUBSCRIPTIONS,
            {"at": ["2026-10 is closed or being closed; what was charged there cannot change."]},
        ),
        parameters=(REQUEST_ID_HEADER,),
        request={
            "required": True,
            "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{COMPONENT}"}}},
        },
    ),
}
