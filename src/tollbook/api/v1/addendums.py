"""``/addendums``: the contracts of clients on plans."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet

from tollbook.api.filters import Filter, any_of, field
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import INTEGER, TEXT, one_of
from tollbook.api.ordering import Ordering
from tollbook.api.paths import read_id
from tollbook.api.range_filters import active_range_filters, created_filters
from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    TEXT_SCHEMA,
    Field,
    Shape,
    moment,
    nested,
    nullable,
    plain,
    words,
)
from tollbook.api.v1.short_forms import (
    ACTIVE_RANGE,
    CLIENT_SHORT,
    CURRENCY_SHORT,
    PLAN_SHORT,
    PRODUCT_SHORT,
)
from tollbook.api.views import ListView
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Addendum
from tollbook.contracts.rules import AddendumStatus, status_at
from tollbook.contracts.selectors import find_addendum, visible_addendums

TAG: Final = "addendums"
STATUS_AT: Final = "status_at_active_at"

ADDENDUM: Final = Shape(
    "AddendumForOrgSerializerV1",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field("client_id", INTEGER_SCHEMA, plain("client_id"), "The client whose contract it is."),
        nested("client", CLIENT_SHORT, plain("client"), "The same client with its name."),
        Field("status", words(AddendumStatus), plain("status"), "Where it stands today."),
        nested("active_range", ACTIVE_RANGE, lambda addendum: addendum, "When it is active."),
        Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When it was written down."),
        nested("currency", CURRENCY_SHORT, plain("currency"), "What it is billed in."),
        nested("plan", PLAN_SHORT, plain("plan"), "The plan that it is on."),
        nested("product", PRODUCT_SHORT, lambda row: row.plan.product, "The plan's product."),
        Field(
            STATUS_AT,
            nullable(TEXT_SCHEMA),
            lambda _: None,
            "Where it stands at the moment of the filter `active_at`; null without that filter. Of "
            "a pause only today's is recorded, so a paused addendum is `paused` all through its "
            "range.",
        ),
    ),
    "A client's contract on one plan, in one currency.",
    {
        "id": 3,
        "client_id": 1001,
        "client": {"id": 1001, "company_name": "Bluewater Robotics S.A."},
        "status": "active",
        "active_range": {"start": "2026-02-11T16:00:00.000000Z", "end": None},
        "created_at": "2026-05-04T09:00:00.000000Z",
        "currency": {"id": 2, "char_code": "EUR", "symbol": "€"},
        "plan": {"id": 51, "name": "Cloud, pay as you go"},
        "product": {"id": 5, "name": "Cloud", "internal_name": "CLOUD"},
        "status_at_active_at": None,
    },
)


class Addendums(ListView):
    """The list of addendums."""

    shape = ADDENDUM
    filters = (
        *active_range_filters("active_from", "active_to"),
        Filter(
            "addendum_id",
            INTEGER,
            any_of("id"),
            "With one of these ids.",
            several=True,
            nullable=True,
        ),
        Filter("client_id", INTEGER, any_of("client_id"), "Of one of these clients.", several=True),
        Filter(
            "company_name",
            TEXT,
            field("client__company_name__icontains"),
            "The client's name contains this, in any case.",
        ),
        *created_filters("created_at"),
        Filter(
            "currency_char_code",
            TEXT,
            any_of("currency__char_code"),
            "In one of these currencies, by ISO 4217 code.",
            several=True,
        ),
        Filter(
            "currency_id",
            INTEGER,
            any_of("currency_id"),
            "In one of these currencies.",
            several=True,
        ),
        Filter("id", INTEGER, field("id"), "With this id."),
        Filter(
            "payer_id",
            INTEGER,
            any_of("client__payer_id"),
            "Of clients whom one of these payers pays for.",
            several=True,
            nullable=True,
        ),
        Filter("plan_id", INTEGER, any_of("plan_id"), "On one of these plans.", several=True),
        Filter(
            "plan_name",
            TEXT,
            field("plan__name__icontains"),
            "The plan's name contains this, in any case.",
        ),
        Filter(
            "product_id",
            INTEGER,
            any_of("plan__product_id"),
            "On plans of one of these products.",
            several=True,
        ),
        Filter(
            "product_internal_name",
            TEXT,
            any_of("plan__product__internal_name"),
            "On plans of one of these products, by internal name.",
            several=True,
        ),
        Filter(
            "product_name",
            TEXT,
            field("plan__product__name_en__icontains"),
            "The product's name contains this, in any case.",
        ),
        Filter(
            "provider_id",
            INTEGER,
            any_of("client__reseller_id"),
            "Of clients whom one of these resellers provides for.",
            several=True,
        ),
        Filter("reseller_id", INTEGER, field("client__reseller_id"), "Of this reseller's clients."),
        Filter(
            "status",
            one_of(AddendumStatus),
            any_of("status"),
            "In one of these states today.",
            several=True,
        ),
    )
    ordering = Ordering(
        {
            "active_range_end": "active_to",
            "active_range_start": "active_from",
            "client_id": "client_id",
            "created_at": "created_at",
            "id": "id",
            "plan_id": "plan_id",
            "plan_name": "plan__name",
            "product_id": "plan__product_id",
            "product_name": "plan__product__name_en",
        },
        default=("id",),
        key="id",
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Addendum]:
        """The addendums of the viewer's clients."""
        return visible_addendums(viewer)

    def rows(self, items: Sequence[Addendum]) -> list[dict[str, Any]]:
        """The addendums, with where each stands at the moment that is asked about."""
        asked = self.asked.get("active_at")
        if asked is None:
            return super().rows(items)
        return [self.shape.row(item) | {STATUS_AT: _status_at(item, asked)} for item in items]


class AddendumItem(ItemView):
    """One addendum."""

    shape = ADDENDUM
    operations = read_operation(
        ADDENDUM,
        "v1_addendums_retrieve",
        TAG,
        "Read an addendum",
        "One contract by its number. `status_at_active_at` is null here.",
    )

    def find(self, text: str) -> Addendum:
        """The addendum."""
        return find_addendum(self.viewer, read_id(text))


def _status_at(addendum: Addendum, moment: Any) -> str:
    status = AddendumStatus(addendum.status)
    return status_at(status, addendum.active_from, addendum.active_to, moment).value


Addendums.operations = list_operation(
    Addendums,
    "v1_addendums_list",
    TAG,
    "List addendums",
    "What your clients have agreed to, by number where no order is asked. Items without a start or "
    "an end come last when ordered by it, first in descending order.",
    mistake={"status": ["This is none of upcoming, active, paused, stopped."]},
)
