"""The end of work becomes messages to those who want to be told, once for each of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.filetasks.services import take_endings
from tollbook.webhooks.models import Delivery, Endpoint
from tollbook.webhooks.payload import message_body, task_data
from tollbook.webhooks.rules import TASK_EVENTS, TRIED_FOR, Event
from tollbook.webhooks.services.waking import wake_sender

AT_ONCE: Final = 200


def announce_endings(now: datetime) -> int:
    """Make messages of all work that has ended since; returns of how many tasks.

    That a task was told of and its messages are there is one transaction: a worker that dies
    between the end of work and this leaves the task for the next who asks.
    """
    told = 0
    while ended := _announce_some(now):
        told += ended
    return told


def announce_to(endpoint: Endpoint, task: FileTask, *, now: datetime) -> Delivery | None:
    """Tell the endpoint how the task ended, whatever it wants to be told of; once, if at all."""
    event = _event_of(task)
    if event is None:
        return None
    _make([_delivery(endpoint, event, task, now)])
    return Delivery.objects.get(pk=_id_of(endpoint, event, task))


@transaction.atomic
def _announce_some(now: datetime) -> int:
    ended = take_endings(at_most=AT_ONCE, now=now)
    listening = _listening() if ended else []
    _make(
        [
            _delivery(endpoint, event, task, now)
            for task in ended
            if (event := _event_of(task)) is not None
            for endpoint in listening
            if event in endpoint.events and _concerns(endpoint, task)
        ]
    )
    return len(ended)


def _listening() -> list[Endpoint]:
    """The endpoints that are told of anything; none of them is removed before this is done."""
    enabled = Endpoint.objects.filter(enabled=True)
    return list(enabled.select_for_update(no_key=True).order_by("pk"))


def _event_of(task: FileTask) -> Event | None:
    return TASK_EVENTS.get((TaskType(task.task_type), TaskStatus(task.status)))


def _concerns(endpoint: Endpoint, task: FileTask) -> bool:
    """The operator is told of everything, a reseller of what its own people asked for."""
    return endpoint.reseller_id in {None, task.reseller_id}


def _delivery(endpoint: Endpoint, event: Event, task: FileTask, now: datetime) -> Delivery:
    return Delivery(
        id=_id_of(endpoint, event, task),
        endpoint=endpoint,
        event=event,
        file_task_uuid=task.uuid,
        body=message_body(event, task_data(task), at=task.finished_at or now),
        due_at=now,
        give_up_at=now + TRIED_FOR,
        created_at=now,
    )


def _id_of(endpoint: Endpoint, event: Event, task: FileTask) -> UUID:
    """One id for one endpoint and one end, so that it cannot be told twice."""
    return uuid5(task.uuid, f"{event} to webhook {endpoint.pk}")


def _make(deliveries: Sequence[Delivery]) -> None:
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    for endpoint_id in _unique(delivery.endpoint_id for delivery in deliveries):
        transaction.on_commit(partial(wake_sender, endpoint_id))


def _unique(numbers: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(numbers))
