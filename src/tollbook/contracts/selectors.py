"""Reads of what clients have agreed to, and of their trials."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from tollbook.catalog.models import Feature, Unit
from tollbook.clients.selectors import clients_seen_by, visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import (
    Addendum,
    Stop,
    Subscription,
    Trial,
    TrialOption,
    TrialOptionType,
    TrialRange,
)
from tollbook.contracts.rules import (
    Span,
    TrialState,
    is_skipped,
    remaining_days,
    trial_state,
)
from tollbook.kernel.errors import NotFound


@dataclass(frozen=True)
class TrialAt:
    """A trial of ``visible_trials`` as it stands at a moment."""

    trial: Any
    now: datetime

    @cached_property
    def ranges(self) -> list[TrialRange]:
        """When it ran, runs or will run, the earliest first."""
        return [
            TrialRange(active_from=_moment(row["start"]), active_to=_moment_or_none(row["end"]))
            for row in self.trial.range_rows
        ]

    @cached_property
    def options(self) -> list[TrialOption]:
        """What it gives, by internal name."""
        return [_option(**row) for row in self.trial.option_rows]

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The ranges as the rules take them."""
        return tuple((each.active_from, each.active_to) for each in self.ranges)

    @property
    def remaining_duration(self) -> int:
        """Whole days that are left."""
        return remaining_days(self.trial.days_limit, self.spans, self.now)

    @property
    def is_trial_skipped(self) -> bool:
        """Whether the client goes without it."""
        return is_skipped(self.trial.is_trial_skipped, self.spans, self.now)

    @property
    def state(self) -> TrialState:
        """Where it stands."""
        return trial_state(
            marked_skipped=self.trial.is_trial_skipped,
            days_limit=self.trial.days_limit,
            limits=[each.remaining_value for each in self.options if each.option_type.is_limit],
            spans=self.spans,
            now=self.now,
        )


def visible_addendums(viewer: Viewer) -> QuerySet[Addendum]:
    """The addendums of the clients that the viewer may know of."""
    found = Addendum.objects.filter(clients_seen_by(viewer, "client__"))
    return found.select_related("client", "currency", "plan__product")


def find_addendum(viewer: Viewer, addendum_id: int) -> Addendum:
    """The addendum; ``NotFound`` as well where the viewer may not know of it."""
    addendum = visible_addendums(viewer).filter(pk=addendum_id).first()
    if addendum is None:
        raise NotFound(f"there is no addendum {addendum_id}", field="id")
    return addendum


def list_to_stop(
    viewer: Viewer, *, client_id: int, product_id: int | None, addendum_ids: Collection[int]
) -> list[Addendum]:
    """The addendums of a client that the viewer may know of: all, of a product, or of these ids."""
    narrowed = {"plan__product_id": product_id, "pk__in": list(addendum_ids) or None}
    given = {name: value for name, value in narrowed.items() if value is not None}
    found = visible_addendums(viewer).filter(client_id=client_id, **given)
    return list(found.order_by("pk"))


def subscriptions_of(addendum: Addendum, *, stopped_by: UUID) -> list[Subscription]:
    """The subscriptions of an addendum; ``was_stopped`` tells whether that work ended them."""
    stops = Stop.objects.filter(subscription=OuterRef("pk"), file_task=stopped_by)
    found = Subscription.objects.filter(addendum=addendum).annotate(was_stopped=Exists(stops))
    related = ("addendum__client", "addendum__plan__product", "plan_item__feature")
    return list(found.select_related(*related).order_by("pk"))


def visible_trials(viewer: Viewer) -> QuerySet[Trial]:
    """The trials of the clients that the viewer may know of, and every base trial.

    Each comes with all that belongs to it in one query; ``TrialAt`` reads its ranges and options.
    ``started_at`` is the earliest start, ``ended_at`` the latest end; one that is open is none.
    """
    seen = clients_seen_by(viewer, "client__")
    found = Trial.objects.filter(seen | Q(client=None) if seen else seen)
    return found.select_related("client", "plan", "product").annotate(
        started_at=Subquery(_RANGES.order_by("active_from").values("active_from")[:1]),
        ended_at=Subquery(_RANGES.order_by(_LATEST_END).values("active_to")[:1]),
        range_rows=ArraySubquery(
            _RANGES.order_by("active_from", "pk").values(
                row=JSONObject(start="active_from", end="active_to")
            )
        ),
        option_rows=_OPTION_ROWS,
    )


def find_trial(viewer: Viewer, trial_id: int) -> Trial:
    """The trial; ``NotFound`` as well where the viewer may not know of it."""
    trial = visible_trials(viewer).filter(pk=trial_id).first()
    if trial is None:
        raise NotFound(f"there is no trial {trial_id}", field="id")
    return trial


def find_starting_trial(viewer: Viewer, *, client_id: int, product_id: int) -> Trial:
    """The client's trial of the product, else the product's base trial; ``NotFound`` for neither.

    The answer is the same where there is no such client and where the viewer may not know of it.
    """
    if visible_clients(viewer).filter(pk=client_id).exists():
        fitting = visible_trials(viewer).filter(
            Q(client_id=client_id) | Q(client=None), product_id=product_id
        )
        if trial := fitting.order_by(F("client_id").asc(nulls_last=True)).first():
            return trial
    raise NotFound(f"there is no trial of product {product_id} for client {client_id}")


def _option(*, value: int, used_value: int, option_type: dict[str, Any]) -> TrialOption:
    unit, feature = Unit(**option_type.pop("unit")), Feature(**option_type.pop("feature"))
    named = TrialOptionType(**option_type, unit=unit, feature=feature)
    return TrialOption(value=value, used_value=used_value, option_type=named)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


_RANGES = TrialRange.objects.filter(trial=OuterRef("pk"))
_LATEST_END = F("active_to").desc(nulls_first=True)
_OPTION_ROWS = ArraySubquery(
    TrialOption.objects.filter(trial=OuterRef("pk"))
    .order_by("option_type_id")
    .values(
        row=JSONObject(
            value="value",
            used_value="used_value",
            option_type=JSONObject(
                internal_name="option_type_id",
                name="option_type__name",
                description="option_type__description",
                is_limit="option_type__is_limit",
                unit=JSONObject(
                    id="option_type__unit_id",
                    name="option_type__unit__name",
                    internal_name="option_type__unit__internal_name",
                ),
                feature=JSONObject(id="option_type__feature_id", name="option_type__feature__name"),
            ),
        )
    )
)
