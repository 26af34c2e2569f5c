"""``/schedules``: reports and closings that are asked for at their time; ours."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.bodies import StrictJson
from tollbook.api.filters import Filter, any_of, field
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import BOOLEAN, MOMENT, TEXT, one_of
from tollbook.api.members import members_schema, read_changes, read_members
from tollbook.api.operations import (
    BODY_REFUSED,
    JSON,
    NOT_FOUND,
    Answer,
    Operation,
    detail,
    field_errors,
    json_body,
)
from tollbook.api.ordering import Ordering
from tollbook.api.paths import id_parameter, read_id
from tollbook.api.v1.schedule_shapes import CHANGED_MEMBERS, COLUMNS, NEW_MEMBERS, RUN, SCHEDULE
from tollbook.api.v1.webhooks import LOCATION
from tollbook.api.views import ApiView, ListView
from tollbook.clients.viewer import Viewer
from tollbook.schedules.models import Run, Schedule
from tollbook.schedules.rules import Kind, RunState
from tollbook.schedules.selectors import (
    check_may_schedule,
    find_schedule,
    runs_of,
    visible_schedules,
    with_latest_run,
)
from tollbook.schedules.services import add_schedule, change_schedule, remove_schedule, run_now

TAG: Final = "schedules"
NEW: Final = "ScheduleRequest"
CHANGED: Final = "PatchedScheduleRequest"
EXAMPLE: Final = {
    "name": "monthly-expenses",
    "template_code": "ResellerExpenses",
    "parameters": {"date_from": "{previous_month.start}", "date_to": "{previous_month.end}"},
    "cron": "0 6 1 * *",
    "format": "csv",
}
_ID: Final = id_parameter("id", "The schedule's `id`.")
_REFUSED: Final = {
    400: field_errors(
        "The body is no JSON, or a field of it cannot be taken.",
        {"cron": ["The minute takes numbers from 0 to 59."]},
    ),
    **BODY_REFUSED,
}


class ScheduleAccess(ApiView):
    """Views of all who may ask for reports."""

    def check_role(self, request: Request) -> None:
        """Refuse clients' keys, also where they would only read."""
        check_may_schedule(self.viewer)
        super().check_role(request)


class Schedules(ScheduleAccess, ListView):
    """The list of schedules, and adding one more."""

    shape = SCHEDULE
    parser_classes = (StrictJson,)
    filters = (
        Filter("enabled", BOOLEAN, field("enabled"), "Only those that are enabled, or are not."),
        Filter("kind", one_of(Kind), field("kind"), "Only of this kind."),
        Filter("name", TEXT, field("name__icontains"), "The name contains this, in any case."),
    )
    ordering = Ordering(
        {name: name for name in ("created_at", "id", "name", "next_run_at")},
        default=("id",),
        key="id",
    )

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the list and of the request."""
        words = "What is asked for, when, and where the result goes."
        return {**super().components(), NEW: members_schema(NEW_MEMBERS, words, EXAMPLE)}

    def queryset_for(self, viewer: Viewer) -> QuerySet[Schedule]:
        """Those that the viewer may know of."""
        return with_latest_run(visible_schedules(viewer))

    def post(self, request: Request) -> Response:
        """Add the schedule and answer it."""
        asked = _by_column(read_members(request.data, NEW_MEMBERS))
        schedule = add_schedule(viewer=self.viewer, asked=asked, now=timezone.now())
        place = reverse("v1:schedule", kwargs={"id": str(schedule.pk)})
        headers = {"Location": request.build_absolute_uri(place)}
        return Response(SCHEDULE.row(schedule), status=201, headers=headers)


class ScheduleItem(ScheduleAccess, ItemView):
    """One schedule."""

    shape = SCHEDULE
    parser_classes = (StrictJson,)

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the item and of a change."""
        words, example = "What to change; what is left out stays.", {"enabled": False}
        return {**super().components(), CHANGED: members_schema(CHANGED_MEMBERS, words, example)}

    def find(self, text: str) -> Schedule:
        """The schedule, if the viewer may know of it."""
        return find_schedule(self.viewer, read_id(text))

    def patch(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the schedule and answer it."""
        schedule_id = self.find(id).pk
        changed = change_schedule(
            viewer=self.viewer,
            schedule_id=schedule_id,
            changes=_by_column(read_changes(request, CHANGED_MEMBERS)),
            now=timezone.now(),
        )
        return Response(SCHEDULE.row(changed))

    def delete(self, request: Request, id: str) -> Response:  # noqa: A002
        """Remove the schedule."""
        remove_schedule(viewer=self.viewer, schedule_id=read_id(id))
        return Response(status=204)


class ScheduleRun(ScheduleAccess):
    """A run between the times."""

    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        """Ask for it now and answer the run."""
        run = run_now(viewer=self.viewer, schedule_id=read_id(id), now=timezone.now())
        return Response(RUN.row(run), status=201)


class ScheduleRuns(ScheduleAccess, ListView):
    """What became of a schedule's times."""

    shape = RUN
    filters = (
        Filter("fire_after", MOMENT, field("fire_at__gt"), "Due after that moment."),
        Filter("fire_before", MOMENT, field("fire_at__lt"), "Due before that moment."),
        Filter("state", one_of(RunState), any_of("state"), "Only in one of these.", several=True),
    )
    ordering = Ordering(
        {name: name for name in ("fire_at", "id", "state")}, default=("-fire_at",), key="id"
    )
    schedule_id: str

    def get(self, request: Request, id: str = "") -> Response:  # noqa: A002
        """Answer one page of the schedule's runs."""
        self.schedule_id = id
        return super().get(request)

    def queryset_for(self, viewer: Viewer) -> QuerySet[Run]:
        """Those of the schedule."""
        return runs_of(viewer, read_id(self.schedule_id))

    @classmethod
    def parameters(cls) -> list[dict[str, Any]]:
        """Those of every list, and which schedule."""
        return [_ID, *super().parameters()]


def _by_column(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, by column."""
    return {COLUMNS.get(name, name): value for name, value in given.items()}


Schedules.operations = {
    **list_operation(
        Schedules,
        "v1_schedules_list",
        TAG,
        "List schedules",
        "Your own schedules; an admin sees those of the whole company, the operator all.",
        mistake={"kind": ["This is none of report, closing."]},
    ),
    "post": Operation(
        "v1_schedules_create",
        TAG,
        "Add a schedule",
        "A report, or the closing of the previous month, is asked for at every moment that `cron` "
        "names. The result is written into the storage, or a webhook is told where to download "
        "it. Moments that pass while the server is down are made up for once, by the latest of "
        "them. Sellers may schedule reports, admins and the operator closings as well.",
        {
            201: Answer("The schedule.", {JSON: SCHEDULE.reference}, LOCATION),
            409: detail("There are too many.", "there are 200 schedules already: remove one first"),
            **_REFUSED,
        },
        request=json_body(NEW),
    ),
}
ScheduleItem.operations = {
    **read_operation(
        SCHEDULE,
        "v1_schedules_retrieve",
        TAG,
        "Read a schedule",
        "One schedule with its latest run.",
        parameter=_ID,
    ),
    "patch": Operation(
        "v1_schedules_partial_update",
        TAG,
        "Change a schedule",
        "Sets what is sent; what is left out stays. What it asks for is checked with the sight of "
        "its user.",
        {
            200: Answer("The schedule as it is now.", {JSON: SCHEDULE.reference}),
            404: NOT_FOUND,
            409: detail("Its name is taken.", "somebody has just made a schedule of this name"),
            **_REFUSED,
        },
        parameters=(_ID,),
        request=json_body(CHANGED),
    ),
    "delete": Operation(
        "v1_schedules_destroy",
        TAG,
        "Remove a schedule",
        "Removes the schedule. Files that it has made stay until their time is over.",
        {204: Answer("It is gone."), 404: NOT_FOUND},
        parameters=(_ID,),
    ),
}
ScheduleRun.operations = {
    "post": Operation(
        "v1_schedules_run_create",
        TAG,
        "Run a schedule now",
        "Asks for it at once, whether it is enabled or not; its own times stay. Where what it asks "
        "for is refused, the run is `Failed` and says why.",
        {201: Answer("The run.", {JSON: RUN.reference}), 404: NOT_FOUND},
        parameters=(_ID,),
    )
}
_LISTED: Final = list_operation(
    ScheduleRuns,
    "v1_schedules_runs_list",
    TAG,
    "List a schedule's runs",
    "What became of each time of a schedule; the latest first where no order is asked.",
    mistake={"state": ["This is none of Pending, Completed, Failed."]},
)["get"]
ScheduleRuns.operations = {"get": replace(_LISTED, answers={**_LISTED.answers, 404: NOT_FOUND})}
