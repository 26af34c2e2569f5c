"""What a person asks for: a try of an endpoint, and a message once more."""

from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction

from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import Conflict
from tollbook.webhooks.models import Delivery, Endpoint
from tollbook.webhooks.payload import message_body
from tollbook.webhooks.rules import PING, TRIED_FOR, DeliveryStatus
from tollbook.webhooks.selectors import check_may_use_webhooks, find_delivery, lock_endpoint
from tollbook.webhooks.services.waking import wake_sender


@transaction.atomic
def send_ping(*, viewer: Viewer, endpoint_id: int, now: datetime) -> Delivery:
    """Send the endpoint a message that says nothing; its deliveries tell what came of it."""
    check_may_use_webhooks(viewer)
    endpoint = lock_endpoint(viewer, endpoint_id)
    _check_enabled(endpoint)
    sent = Delivery.objects.create(
        id=uuid4(),
        endpoint=endpoint,
        event=PING,
        body=message_body(PING, {"webhook_id": endpoint.pk}, at=now),
        due_at=now,
        give_up_at=now + TRIED_FOR,
        created_at=now,
    )
    _wake(endpoint)
    return sent


@transaction.atomic
def redeliver(*, viewer: Viewer, endpoint_id: int, delivery_id: UUID, now: datetime) -> Delivery:
    """Send the message again, under the id that it has, at once and for as long as a new one.

    One that is pending is tried now. Should an attempt be under way, that one is not disturbed.
    """
    check_may_use_webhooks(viewer)
    endpoint = lock_endpoint(viewer, endpoint_id)
    delivery = find_delivery(viewer, endpoint_id, delivery_id)
    _check_enabled(endpoint)
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if _is_under_way(row, endpoint, now):
        raise Conflict("an attempt is under way; look again in a minute")
    row.status, row.settled_at, row.pauses = DeliveryStatus.PENDING, None, 0
    row.due_at, row.give_up_at = now, now + TRIED_FOR
    row.save()
    _wake(endpoint)
    return find_delivery(viewer, endpoint_id, delivery_id)


def _check_enabled(endpoint: Endpoint) -> None:
    if not endpoint.enabled:
        raise Conflict("the webhook is disabled: enable it first")


def _is_under_way(row: Delivery, endpoint: Endpoint, now: datetime) -> bool:
    busy = endpoint.busy_until is not None and endpoint.busy_until > now
    begun = row.attempts.count() < row.attempt and row.due_at > now
    return row.status == DeliveryStatus.PENDING and busy and begun


def _wake(endpoint: Endpoint) -> None:
    """What a person asks for does not wait until the endpoint has rested."""
    Endpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    transaction.on_commit(partial(wake_sender, endpoint.pk))
