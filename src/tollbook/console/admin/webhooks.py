"""Webhooks and what was sent: only looked at; the API and `tollbook webhooks` change them."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Rows, Table
from tollbook.webhooks.models import Attempt, Delivery, Endpoint

_SECRET: Final = ("seed", "secret_print", "old_seed")


class EndpointTable(Table):
    """Who is told when work has ended."""

    icon = "webhook"
    menu_title = "Webhooks"
    list_display = ("url", "id", "reseller", "enabled", "failures", "rests_until", "created_at")
    list_select_related = ("reseller",)
    list_filter = (some("reseller"), "enabled")
    search_fields = ("url", "description", "reseller__company_name")
    exclude = _SECRET
    secret_fields = _SECRET


class Attempts(Rows):
    """Each attempt at a delivery."""

    model = Attempt
    fields = ("number", "started_at", "milliseconds", "response_status", "error")
    readonly_fields = fields


class DeliveryTable(Table):
    """Messages with every attempt."""

    icon = "outgoing_mail"
    list_display = ("id", "event", "state", "endpoint", "attempt", "due_at", "created_at")
    list_select_related = ("endpoint",)
    list_filter = (one_of("status"), some("endpoint"))
    search_fields = ("event", "endpoint__url")
    number_fields = ("endpoint_id",)
    uuid_fields = ("pk", "file_task_uuid")
    inlines = (Attempts,)

    @column(
        "status",
        ordering="status",
        label={"Delivered": "success", "Failed": "danger", "Pending": "info"},
    )
    def state(self, delivery: Delivery) -> str:
        """Where it stands."""
        return delivery.status


class AttemptTable(Table):
    """What receivers answered."""

    icon = "reply"
    menu_title = "Delivery attempts"
    list_display = ("id", "delivery", "number", "response_status", "milliseconds", "started_at")
    list_select_related = ("delivery",)
    search_fields = ("error", "response_start")
    number_fields = ("pk", "response_status")
    uuid_fields = ("delivery_id",)


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    Endpoint: EndpointTable,
    Delivery: DeliveryTable,
    Attempt: AttemptTable,
}
