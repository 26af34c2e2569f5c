"""Messages go out: to one endpoint by one worker at a time, each attempt noted as it ends."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from tollbook import __version__
from tollbook.filetasks.selectors import database_now
from tollbook.webhooks.models import Attempt, Delivery, Endpoint
from tollbook.webhooks.rules import (
    GONE,
    DeliveryStatus,
    is_down,
    is_success,
    pause_after,
    rest_after,
)
from tollbook.webhooks.selectors import may_be_private
from tollbook.webhooks.sending import Answer, post
from tollbook.webhooks.services.waking import wake_sender
from tollbook.webhooks.signing import print_of, secret_of, signature

TURN_SECONDS: Final = 20
"""How long one worker goes on sending to one endpoint before others get their turn."""

_SLACK_SECONDS: Final = 15
_CANNOT_SIGN: Final = (
    "the secret key of this server is another than when the webhook's secret was made: set "
    "TOLLBOOK_SECRET_KEY as it was, or rotate the secret"
)
_log = structlog.get_logger(__name__)


def wake_senders(now: datetime) -> int:
    """Wake a worker for each endpoint with something due; what took too long is given up first."""
    late = Delivery.objects.filter(
        status=DeliveryStatus.PENDING, give_up_at__lt=now, due_at__lt=now
    )
    late.update(status=DeliveryStatus.FAILED, settled_at=now)
    due = Delivery.objects.filter(status=DeliveryStatus.PENDING, due_at__lte=now)
    waiting = _free(now).filter(pk__in=due.values("endpoint")).values_list("pk", flat=True)
    for endpoint_id in waiting:
        wake_sender(endpoint_id)
    return len(waiting)


def deliver_due(endpoint_id: int) -> int:
    """Send what is due to the endpoint, one message after the other; returns how many.

    Nothing is sent where another worker is at it, or where the endpoint rests.
    """
    end, sent = time.monotonic() + TURN_SECONDS, 0
    with _held(endpoint_id) as lease:
        while time.monotonic() < end and (delivery := lease.next_delivery()) is not None:
            _try(delivery)
            sent += 1
        left = lease.held
    if left and time.monotonic() >= end:
        wake_sender(endpoint_id)
    return sent


class _Lease:
    """The right to send to an endpoint; it lasts for one attempt and is renewed for the next."""

    def __init__(self, endpoint_id: int) -> None:
        self._endpoint_id = endpoint_id
        self._until: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether this worker has it, as far as it knows."""
        return self._until is not None

    def next_delivery(self) -> Delivery | None:
        """The next message, its attempt begun; none where nothing is due or the right was lost."""
        now = database_now()
        until = now + timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS + _SLACK_SECONDS)
        if not self._renew(now, until):
            return None
        due = Delivery.objects.filter(
            endpoint=self._endpoint_id, status=DeliveryStatus.PENDING, due_at__lte=now
        )
        found = due.select_related("endpoint").order_by("due_at").first()
        if found is None:
            return None
        begun = due.filter(pk=found.pk, attempt=found.attempt)
        if not begun.update(attempt=F("attempt") + 1, due_at=until):
            return None
        found.attempt += 1
        return found

    def release(self) -> None:
        """Let others send."""
        mine = Endpoint.objects.filter(pk=self._endpoint_id, busy_until=self._until)
        mine.update(busy_until=None)

    def _renew(self, now: datetime, until: datetime) -> bool:
        ready = Endpoint.objects.filter(pk=self._endpoint_id, enabled=True).filter(_is_awake(now))
        free = _is_idle(now) if self._until is None else Q(busy_until=self._until)
        if not ready.filter(free).update(busy_until=until):
            return False
        self._until = until
        return True


@contextmanager
def _held(endpoint_id: int) -> Iterator[_Lease]:
    lease = _Lease(endpoint_id)
    try:
        yield lease
    finally:
        if lease.held:
            lease.release()


def _free(now: datetime) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(_is_awake(now), _is_idle(now), enabled=True)


def _is_awake(now: datetime) -> Q:
    return Q(rests_until=None) | Q(rests_until__lte=now)


def _is_idle(now: datetime) -> Q:
    return Q(busy_until=None) | Q(busy_until__lte=now)


def _try(delivery: Delivery) -> None:
    began = database_now()
    answer = _sent(delivery, began)
    with structlog.contextvars.bound_contextvars(webhook=delivery.endpoint_id):
        _note(delivery, answer, began)


def _sent(delivery: Delivery, began: datetime) -> Answer:
    endpoint = delivery.endpoint
    if print_of(secret_of(endpoint.seed)) != endpoint.secret_print:
        return Answer(None, "", _CANNOT_SIGN, 0)
    body, moment = delivery.body.encode(), int(began.timestamp())
    seeds = [endpoint.seed]
    if endpoint.old_until is not None and endpoint.old_until > began:
        seeds.append(endpoint.old_seed)
    signatures = [
        signature(secret_of(seed), message_id=str(delivery.pk), timestamp=moment, body=body)
        for seed in seeds
    ]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Tollbook/{__version__}",
        "webhook-id": str(delivery.pk),
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(signatures),
    }
    return post(
        endpoint.url,
        body,
        headers,
        private=may_be_private(endpoint.reseller_id),
        seconds=settings.WEBHOOK_TIMEOUT_SECONDS,
    )


@transaction.atomic
def _note(delivery: Delivery, answer: Answer, began: datetime) -> None:
    """Write down how the attempt ended, unless the message is gone or another has taken it over."""
    endpoint = Endpoint.objects.select_for_update().filter(pk=delivery.endpoint_id).first()
    mine = Delivery.objects.select_for_update().filter(
        pk=delivery.pk, attempt=delivery.attempt, status=DeliveryStatus.PENDING
    )
    row = mine.first()
    if endpoint is None or row is None:
        _log.info("webhook_delivery_gone", delivery=str(delivery.pk))
        return
    Attempt.objects.create(
        delivery=row,
        number=row.attempt,
        started_at=began,
        milliseconds=answer.milliseconds,
        response_status=answer.status,
        response_start=answer.start,
        error=answer.error[:500],
    )
    now = database_now()
    _settle(row, answer, now)
    _note_health(endpoint, answer, now)
    _log.info(
        "webhook_attempt_ended",
        delivery=str(row.pk),
        attempt=row.attempt,
        status=answer.status,
        error=answer.error,
    )


def _settle(row: Delivery, answer: Answer, now: datetime) -> None:
    """It has arrived, is given up, or waits for its next attempt."""
    if is_success(answer.status):
        row.status, row.settled_at = DeliveryStatus.DELIVERED, now
    else:
        row.pauses += 1
        spread = random.randint(-100, 100)  # noqa: S311  no secret
        due = now + pause_after(row.pauses, spread=spread, asked=answer.retry_after)
        if answer.status == GONE or due > row.give_up_at:
            row.status, row.settled_at = DeliveryStatus.FAILED, now
        row.due_at = due
    row.save()


def _note_health(endpoint: Endpoint, answer: Answer, now: datetime) -> None:
    """An endpoint that is down rests; one that says it is gone gets nothing any more."""
    if answer.status == GONE:
        endpoint.enabled, endpoint.disabled_reason = False, "It answered 410 Gone."
        endpoint.updated_at = now
        _log.warning("webhook_disabled")
    elif is_down(answer.status):
        endpoint.failures += 1
        endpoint.rests_until = now + rest_after(endpoint.failures)
    else:
        endpoint.failures, endpoint.rests_until = 0, None
    endpoint.save()
