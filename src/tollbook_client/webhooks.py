"""Webhooks: who is told when work has ended, and what was sent to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tollbook_client.answers import read_object, read_value
from tollbook_client.retries import Repeatable
from tollbook_client.transport import Transport


@dataclass(frozen=True)
class Webhook:
    """An address that is told of events; ``secret`` only where it was made just now."""

    id: int
    reseller_id: int | None
    url: str
    description: str
    events: Sequence[str]
    enabled: bool
    disabled_reason: str | None
    failures: int
    rests_until: datetime | None
    created_at: datetime
    updated_at: datetime
    secret: str | None = None


@dataclass(frozen=True)
class DeliveryAttempt:
    """One attempt to deliver a message."""

    number: int
    started_at: datetime
    milliseconds: int
    response_status: int | None
    response_start: str
    error: str


@dataclass(frozen=True)
class WebhookDelivery:
    """One message to a webhook; ``id`` is its ``webhook-id`` at every attempt."""

    id: UUID
    webhook_id: int
    event: str
    task_uuid: UUID | None
    status: str
    next_attempt_at: datetime | None
    created_at: datetime
    settled_at: datetime | None
    attempts: Sequence[DeliveryAttempt]


class Webhooks:
    """The webhooks of one server that the key may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, url: str, *, events: Sequence[str] | None = None, description: str | None = None
    ) -> Webhook:
        """Add a webhook, of all events unless some are named; its secret is told only here."""
        asked = {"url": url, "events": events and list(events), "description": description}
        return self._send("POST", "/webhooks", asked)

    def list(self, *, enabled: bool | None = None) -> Iterator[Webhook]:
        """Webhooks, page after page as they are asked for."""
        found = self._transport.items("/webhooks", {"enabled": enabled})
        return (read_value(read_webhook, one) for one in found)

    def get(self, id: int) -> Webhook:  # noqa: A002  the API's own word
        """One webhook."""
        return read_value(read_webhook, self._transport.get(_path(id)))

    def change(
        self,
        id: int,  # noqa: A002  the API's own word
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given."""
        asked = {"url": url, "events": events and list(events), "description": description}
        return self._send("PATCH", _path(id), {**asked, "enabled": enabled})

    def delete(self, id: int) -> None:  # noqa: A002  the API's own word
        """Remove a webhook with its log."""
        self._transport.send("DELETE", _path(id), repeatable=Repeatable.UNLESS_RECEIVED)

    def rotate(self, id: int) -> Webhook:  # noqa: A002  the API's own word
        """Give it a new secret, told only here; for a day messages carry both signatures."""
        return self._send("POST", f"{_path(id)}/rotate")

    def test(self, id: int) -> WebhookDelivery:  # noqa: A002  the API's own word
        """Send it a ``ping``; ``deliveries`` tells what came of it."""
        return self._deliver(f"{_path(id)}/test")

    def deliveries(
        self,
        id: int,  # noqa: A002  the API's own word
        *,
        status: Sequence[str] = (),
    ) -> Iterator[WebhookDelivery]:
        """What was sent and what is still to be, newest first."""
        found = self._transport.items(f"{_path(id)}/deliveries", {"status": tuple(status)})
        return (read_value(read_delivery, one) for one in found)

    def redeliver(self, id: int, delivery_id: UUID | str) -> WebhookDelivery:  # noqa: A002
        """Send a message once more, under the same id."""
        uuid = delivery_id if isinstance(delivery_id, UUID) else UUID(delivery_id)
        return self._deliver(f"{_path(id)}/deliveries/{uuid}/redeliver")

    def _send(self, method: str, path: str, asked: Mapping[str, object] | None = None) -> Webhook:
        body = asked and {name: value for name, value in asked.items() if value is not None}
        response = self._transport.send(
            method, path, body=body, repeatable=Repeatable.UNLESS_RECEIVED
        )
        return read_value(read_webhook, read_object(response))

    def _deliver(self, path: str) -> WebhookDelivery:
        response = self._transport.send("POST", path, repeatable=Repeatable.UNLESS_RECEIVED)
        return read_value(read_delivery, read_object(response))


def read_webhook(found: Mapping[str, Any]) -> Webhook:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    return Webhook(
        id=int(found["id"]),
        reseller_id=found["reseller_id"],
        url=str(found["url"]),
        description=str(found["description"]),
        events=tuple(str(event) for event in found["events"]),
        enabled=bool(found["enabled"]),
        disabled_reason=found["disabled_reason"],
        failures=int(found["failures"]),
        rests_until=read_moment(found["rests_until"]),
        created_at=datetime.fromisoformat(found["created_at"]),
        updated_at=datetime.fromisoformat(found["updated_at"]),
        secret=found.get("secret"),
    )


def read_delivery(found: Mapping[str, Any]) -> WebhookDelivery:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    return WebhookDelivery(
        id=UUID(found["id"]),
        webhook_id=int(found["webhook_id"]),
        event=str(found["event"]),
        task_uuid=found["task_uuid"] and UUID(found["task_uuid"]),
        status=str(found["status"]),
        next_attempt_at=read_moment(found["next_attempt_at"]),
        created_at=datetime.fromisoformat(found["created_at"]),
        settled_at=read_moment(found["settled_at"]),
        attempts=tuple(_read_attempt(one) for one in found["attempts"]),
    )


def read_moment(text: str | None) -> datetime | None:
    """A moment, where there is one."""
    return None if text is None else datetime.fromisoformat(text)


def _read_attempt(found: Mapping[str, Any]) -> DeliveryAttempt:
    status = found["response_status"]
    return DeliveryAttempt(
        number=int(found["number"]),
        started_at=datetime.fromisoformat(found["started_at"]),
        milliseconds=int(found["milliseconds"]),
        response_status=None if status is None else int(status),
        response_start=str(found["response_start"]),
        error=str(found["error"]),
    )


def _path(id: int) -> str:  # noqa: A002  the API's own word
    return f"/webhooks/{int(id)}"
