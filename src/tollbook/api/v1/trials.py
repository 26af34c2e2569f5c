"""``/trials``: free use of products for some days, and how far each client's has come."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.bodies import is_json
from tollbook.api.filters import (
    Condition,
    Filter,
    any_of,
    check_names,
    field,
    keep_all,
    read_values,
)
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import BOOLEAN, INTEGER, MOMENT, TEXT
from tollbook.api.operations import JSON, NOT_FOUND, Answer, Operation, field_errors
from tollbook.api.ordering import Ordering
from tollbook.api.paths import read_id
from tollbook.api.query import read_query
from tollbook.api.range_filters import begins_before, contains, created_filters, reaches_past
from tollbook.api.v1.trial import TRIAL
from tollbook.api.v1.trial_change import CHANGE_TRIAL, TAG, read_limits, request_schemas
from tollbook.api.views import ApiView, ListView
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Trial, TrialRange
from tollbook.contracts.selectors import (
    TrialAt,
    find_starting_trial,
    find_trial,
    visible_trials,
)
from tollbook.contracts.services import change_trial
from tollbook.kernel.errors import InvalidFields


def _some_range(condition: Condition) -> Callable[[datetime], Exists]:
    """Trials that have a range which fulfils the condition."""
    own = TrialRange.objects.filter(trial=OuterRef("pk"))
    return lambda moment: Exists(own.filter(condition(moment)))


_ACTIVE_AT: Final = _some_range(contains("active_from", "active_to"))


class Trials(ListView):
    """The list of trials."""

    shape = TRIAL
    filters = (
        Filter(
            "active_after",
            MOMENT,
            _some_range(reaches_past("active_to")),
            "Active at some time after the moment: one of its ranges ends later, or never.",
        ),
        Filter("active_at", MOMENT, _ACTIVE_AT, "One of its ranges contains the moment."),
        Filter(
            "active_before",
            MOMENT,
            _some_range(begins_before("active_from")),
            "Active at some time before the moment: one of its ranges starts earlier.",
        ),
        Filter(
            "client_id",
            INTEGER,
            any_of("client_id"),
            "Of one of these clients; `null` for base trials.",
            several=True,
            nullable=True,
        ),
        Filter(
            "company_name",
            TEXT,
            field("client__company_name__icontains"),
            "The client's name contains this, in any case.",
        ),
        *created_filters("created_at"),
        Filter("id", INTEGER, field("id"), "With this id."),
        Filter(
            "not_active_at",
            MOMENT,
            lambda moment: ~_ACTIVE_AT(moment),
            "None of its ranges contains the moment.",
        ),
        Filter(
            "plan_id",
            INTEGER,
            any_of("plan_id"),
            "On one of these plans; `null` for those on no plan of their own.",
            several=True,
            nullable=True,
        ),
        Filter(
            "plan_name",
            TEXT,
            field("plan__name__icontains"),
            "The plan's name contains this, in any case.",
        ),
        Filter(
            "product_id",
            INTEGER,
            any_of("product_id"),
            "Of one of these products.",
            several=True,
        ),
        Filter(
            "product_internal_name",
            TEXT,
            any_of("product__internal_name"),
            "Of one of these products, by internal name.",
            several=True,
        ),
        Filter(
            "product_name",
            TEXT,
            field("product__name_en__icontains"),
            "The product's name contains this, in any case.",
        ),
        Filter(
            "started_at__isnull",
            BOOLEAN,
            field("started_at__isnull"),
            "`true` for those that were not started, which have no ranges; `false` for the others.",
        ),
    )
    ordering = Ordering(
        {
            "client_id": "client_id",
            "created_at": "created_at",
            "ended_at": "ended_at",
            "id": "id",
            "plan_id": "plan_id",
            "plan_name": "plan__name",
            "product_id": "product_id",
            "product_name": "product__name_en",
            "started_at": "started_at",
        },
        default=("id",),
        key="id",
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Trial]:
        """The trials of the viewer's clients, and every base trial."""
        return visible_trials(viewer)

    def rows(self, items: Sequence[Trial]) -> list[dict[str, Any]]:
        """The trials, all as they stand at one moment."""
        now = timezone.now()
        return super().rows([TrialAt(item, now) for item in items])


class TrialItem(ItemView):
    """One trial."""

    shape = TRIAL
    operations: ClassVar = {
        **read_operation(
            TRIAL,
            "v1_trials_retrieve",
            TAG,
            "Read a trial",
            "One trial by its number, a client's or a base trial, as it stands now.",
        ),
        "patch": CHANGE_TRIAL,
    }

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the trial and of the request."""
        return {**super().components(), **request_schemas()}

    def find(self, text: str) -> TrialAt:
        """The trial as it stands now."""
        return TrialAt(find_trial(self.viewer, read_id(text)), timezone.now())

    def patch(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the trial and answer it."""
        trial_id = find_trial(self.viewer, read_id(id)).pk
        limits = read_limits(request.data, from_form=not is_json(request.content_type))
        trial = change_trial(viewer=self.viewer, trial_id=trial_id, limits=limits)
        return Response(TRIAL.row(TrialAt(trial, timezone.now())))


class StartTrialData(ApiView):
    """What a client gets of a product when it starts its trial."""

    filters: Final = (
        Filter("client_id", INTEGER, keep_all, "Who is to start."),
        Filter("product_id", INTEGER, keep_all, "What is to be tried."),
    )
    operations: ClassVar = {
        "get": Operation(
            "v1_trials_start_trial_data_retrieve",
            TAG,
            "Read what a client may try",
            "The client's own trial of the product where there is one, started or not; else the "
            "product's base trial, which has no client. Where there is neither, or the client is "
            "not yours to see, the answer is 404.",
            {
                200: Answer("The trial as it stands now.", {JSON: TRIAL.reference}),
                400: field_errors(
                    "A parameter is missing, unknown or cannot be taken as it is.",
                    {"product_id": ["This is required."]},
                ),
                404: NOT_FOUND,
            },
            parameters=tuple({**each.parameter(), "required": True} for each in filters),
        )
    }

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schema of the trial."""
        return TRIAL.components()

    def get(self, request: Request) -> Response:
        """Answer the trial."""
        asked = self._asked(request)
        trial = find_starting_trial(self.viewer, **asked)
        return Response(TRIAL.row(TrialAt(trial, timezone.now())))

    def _asked(self, request: Request) -> dict[str, int]:
        query = read_query(request)
        names = [each.name for each in self.filters]
        check_names(names, query)
        values, errors = read_values(self.filters, query)
        missing = {name: ["This is required."] for name in names if name not in query}
        if errors | missing:
            raise InvalidFields(errors | missing)
        return values


Trials.operations = list_operation(
    Trials,
    "v1_trials_list",
    TAG,
    "List trials",
    "The trials of your clients, and the base trials, which have no client and are what a new "
    "client is offered of each product; by number where no order is asked. `started_at` is the "
    "earliest start of a trial's ranges and `ended_at` the latest end; trials that were not "
    "started or have no end yet come last when ordered by it, first in descending order.",
    mistake={"client_id": ["This is no whole number."]},
)
