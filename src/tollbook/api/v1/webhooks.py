"""``/webhooks``: who is told when work has ended, and the log of what was sent; ours."""

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
from tollbook.api.kinds import BOOLEAN, MOMENT, TEXT, UUID_VALUE, one_of
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
from tollbook.api.paths import id_parameter, read_id, read_uuid, uuid_parameter
from tollbook.api.shapes import Shape
from tollbook.api.v1.webhook_shapes import (
    CHANGED_MEMBERS,
    DELIVERY,
    NEW_MEMBERS,
    ROTATED,
    SIGNED,
    WEBHOOK,
    WEBHOOK_WITH_SECRET,
)
from tollbook.api.views import ApiView, ListView
from tollbook.clients.viewer import Viewer
from tollbook.webhooks.models import Delivery, Endpoint
from tollbook.webhooks.rules import DeliveryStatus
from tollbook.webhooks.selectors import (
    check_may_use_webhooks,
    deliveries_of,
    find_endpoint,
    visible_endpoints,
)
from tollbook.webhooks.services import (
    add_endpoint,
    change_endpoint,
    redeliver,
    remove_endpoint,
    rotate_secret,
    send_ping,
)

TAG: Final = "webhooks"
NEW: Final = "WebhookRequest"
CHANGED: Final = "PatchedWebhookRequest"
_ID: Final = id_parameter("id", "The webhook's `id`.")
_BAD_URL: Final = {"url": ["This does not begin with https://."]}
_DISABLED: Final = detail(
    "It is disabled, or an attempt is under way.", "the webhook is disabled: enable it first"
)


class WebhookAccess(ApiView):
    """Views of the operator and of resellers' admins."""

    def check_role(self, request: Request) -> None:
        """Refuse all others, also those who would only read."""
        check_may_use_webhooks(self.viewer)
        super().check_role(request)


class Webhooks(WebhookAccess, ListView):
    """The list of webhooks, and adding one more."""

    shape = WEBHOOK
    parser_classes = (StrictJson,)
    filters = (
        Filter("enabled", BOOLEAN, field("enabled"), "Only those that are enabled, or are not."),
        Filter("url", TEXT, field("url__icontains"), "The address contains this, in any case."),
    )
    ordering = Ordering(
        {name: name for name in ("created_at", "id", "updated_at", "url")},
        default=("id",),
        key="id",
    )

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the list, of the request and of its answer."""
        schema = members_schema(
            NEW_MEMBERS,
            "Where to, and of what.",
            {"url": "https://billing.north.example/hooks", "events": ["report.completed"]},
        )
        return {**super().components(), **WEBHOOK_WITH_SECRET.components(), NEW: schema}

    def queryset_for(self, viewer: Viewer) -> QuerySet[Endpoint]:
        """Those of the viewer."""
        return visible_endpoints(viewer)

    def post(self, request: Request) -> Response:
        """Add the webhook and answer it with its secret."""
        asked = read_members(request.data, NEW_MEMBERS)
        endpoint, secret = add_endpoint(viewer=self.viewer, **asked, now=timezone.now())
        place = reverse("v1:webhook", kwargs={"id": str(endpoint.pk)})
        headers = {"Location": request.build_absolute_uri(place)}
        return Response(_with_secret(endpoint, secret), status=201, headers=headers)


class WebhookItem(WebhookAccess, ItemView):
    """One webhook."""

    shape = WEBHOOK
    parser_classes = (StrictJson,)

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of the item and of a change."""
        schema = members_schema(
            CHANGED_MEMBERS, "What to change; what is left out stays.", {"enabled": True}
        )
        return {**super().components(), CHANGED: schema}

    def find(self, text: str) -> Endpoint:
        """The webhook of the viewer."""
        return find_endpoint(self.viewer, read_id(text))

    def patch(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the webhook and answer it."""
        endpoint_id = self.find(id).pk
        changes = read_changes(request, CHANGED_MEMBERS)
        changed = change_endpoint(
            viewer=self.viewer, endpoint_id=endpoint_id, **changes, now=timezone.now()
        )
        return Response(WEBHOOK.row(changed))

    def delete(self, request: Request, id: str) -> Response:  # noqa: A002
        """Remove the webhook."""
        remove_endpoint(viewer=self.viewer, endpoint_id=read_id(id))
        return Response(status=204)


class WebhookRotate(WebhookAccess):
    """A new secret for a webhook."""

    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        """Make it and answer it, once."""
        endpoint, secret = rotate_secret(
            viewer=self.viewer, endpoint_id=read_id(id), now=timezone.now()
        )
        return Response(_with_secret(endpoint, secret))


class WebhookTest(WebhookAccess):
    """A try of a webhook."""

    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        """Send a ping and answer the delivery, which is still to come."""
        sent = send_ping(viewer=self.viewer, endpoint_id=read_id(id), now=timezone.now())
        return Response(DELIVERY.row(sent), status=201)


class WebhookDeliveries(WebhookAccess, ListView):
    """What was sent to a webhook, and what is still to be."""

    shape = DELIVERY
    filters = (
        Filter("created_after", MOMENT, field("created_at__gt"), "Made after that moment."),
        Filter("created_before", MOMENT, field("created_at__lt"), "Made before that moment."),
        Filter("event", TEXT, field("event"), "Only of this event."),
        Filter(
            "status",
            one_of(DeliveryStatus),
            any_of("status"),
            "Only in one of these states.",
            several=True,
        ),
        Filter("task_uuid", UUID_VALUE, field("file_task_uuid"), "Only of this task."),
    )
    ordering = Ordering(
        {name: name for name in ("created_at", "event", "status")},
        default=("-created_at",),
        key="id",
    )
    webhook_id: str

    def get(self, request: Request, id: str = "") -> Response:  # noqa: A002
        """Answer one page of the webhook's deliveries."""
        self.webhook_id = id
        return super().get(request)

    def queryset_for(self, viewer: Viewer) -> QuerySet[Delivery]:
        """Those of the webhook."""
        return deliveries_of(viewer, read_id(self.webhook_id))

    @classmethod
    def parameters(cls) -> list[dict[str, Any]]:
        """Those of every list, and which webhook."""
        return [_ID, *super().parameters()]


class WebhookRedeliver(WebhookAccess):
    """A message once more."""

    def post(self, request: Request, id: str, delivery_id: str) -> Response:  # noqa: A002
        """Send it again and answer it."""
        sent = redeliver(
            viewer=self.viewer,
            endpoint_id=read_id(id),
            delivery_id=read_uuid(delivery_id),
            now=timezone.now(),
        )
        return Response(DELIVERY.row(sent))


def _with_secret(endpoint: Endpoint, secret: str) -> dict[str, Any]:
    return {**WEBHOOK.row(endpoint), "secret": secret}


def _answer(shape: Shape, words: str, *, headers: Mapping[str, Any] | None = None) -> Answer:
    return Answer(words, {JSON: shape.reference}, headers or {})


LOCATION: Final = {
    "Location": {
        "description": "Where to read it.",
        "required": True,
        "schema": {"type": "string", "format": "uri"},
    }
}
Webhooks.operations = {
    **list_operation(
        Webhooks,
        "v1_webhooks_list",
        TAG,
        "List webhooks",
        "The webhooks of your company; the operator sees all. Only the operator and resellers' "
        "admins may use webhooks.",
        mistake={"enabled": ["This is neither true nor false."]},
    ),
    "post": Operation(
        "v1_webhooks_create",
        TAG,
        "Add a webhook",
        "From now on the address is told when work ends: each event is posted to it as JSON, "
        "with `type`, `timestamp` and the task in `data`, and again until it answers 2xx. "
        f"{SIGNED}",
        {
            201: _answer(WEBHOOK_WITH_SECRET, "The webhook with its secret.", headers=LOCATION),
            400: field_errors("The body is no JSON, or a field of it cannot be taken.", _BAD_URL),
            409: detail("There are too many.", "there are 50 webhooks already: remove one first"),
            **BODY_REFUSED,
        },
        request=json_body(NEW),
    ),
}
WebhookItem.operations = {
    **read_operation(
        WEBHOOK,
        "v1_webhooks_retrieve",
        TAG,
        "Read a webhook",
        "One webhook, as it stands; never its secret.",
        parameter=_ID,
    ),
    "patch": Operation(
        "v1_webhooks_partial_update",
        TAG,
        "Change a webhook",
        "Sets what is sent; what is left out stays. What is still to be delivered goes to the new "
        "address.",
        {
            200: _answer(WEBHOOK, "The webhook as it is now."),
            400: field_errors("The body is no JSON, or a field of it cannot be taken.", _BAD_URL),
            404: NOT_FOUND,
            **BODY_REFUSED,
        },
        parameters=(_ID,),
        request=json_body(CHANGED),
    ),
    "delete": Operation(
        "v1_webhooks_destroy",
        TAG,
        "Remove a webhook",
        "Removes the webhook with its log. What has not been delivered will not be.",
        {204: Answer("It is gone."), 404: NOT_FOUND},
        parameters=(_ID,),
    ),
}
WebhookRotate.operations = {
    "post": Operation(
        "v1_webhooks_rotate_create",
        TAG,
        "Give a webhook a new secret",
        f"Answers a new secret, once. {ROTATED}",
        {200: _answer(WEBHOOK_WITH_SECRET, "The webhook with its new secret."), 404: NOT_FOUND},
        parameters=(_ID,),
    )
}
WebhookTest.operations = {
    "post": Operation(
        "v1_webhooks_test_create",
        TAG,
        "Try a webhook",
        "Sends a `ping`, whatever events the webhook is told of, and even while it rests. The log "
        "of deliveries tells what came of it.",
        {201: _answer(DELIVERY, "The delivery, on its way."), 404: NOT_FOUND, 409: _DISABLED},
        parameters=(_ID,),
    )
}
_LISTED: Final = list_operation(
    WebhookDeliveries,
    "v1_webhooks_deliveries_list",
    TAG,
    "List deliveries",
    "What was sent to a webhook and what is still to be, with every attempt and how the receiver "
    "answered; the newest first where no order is asked.",
    mistake={"status": ["This is none of Pending, Delivered, Failed."]},
)["get"]
WebhookDeliveries.operations = {
    "get": replace(_LISTED, answers={**_LISTED.answers, 404: NOT_FOUND})
}
WebhookRedeliver.operations = {
    "post": Operation(
        "v1_webhooks_deliveries_redeliver_create",
        TAG,
        "Deliver a message again",
        "Sends the message once more, under the same `webhook-id` and with the same body, whether "
        "it had arrived or not.",
        {200: _answer(DELIVERY, "The delivery, on its way."), 404: NOT_FOUND, 409: _DISABLED},
        parameters=(_ID, uuid_parameter("delivery_id", "The delivery's `id`.")),
    )
}
