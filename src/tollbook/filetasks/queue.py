"""Messages that wake a worker; they carry a uuid, the row is the truth."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import structlog
from celery import current_app
from django.db import InterfaceError as DatabaseInterfaceError
from django.db import OperationalError as DatabaseGone
from kombu.exceptions import OperationalError as BrokerGone

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus, TaskType

TASK_NAMES: Final[Mapping[TaskType, str]] = {
    TaskType.CLOSING_PERIOD: "invoicing.close_period",
    TaskType.IMPORT_DATA: "usage.import_data",
    TaskType.REPORT: "reports.generate_report",
    TaskType.STOP_SUBSCRIPTIONS: "contracts.stop_subscriptions",
}
"""The Celery task that runs each type of work; the rooms that own them are above this one."""

ANNOUNCE_ENDINGS: Final = "webhooks.announce_endings"
"""The Celery task that tells who waits for the end of work; beat asks for it too."""

_RETRY: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
"""Once more on a new connection: the old one may have died while nobody looked."""

_CONFIRM_SECONDS: Final = 1
"""How long a broker that confirms messages may take to do so."""

_SENDING: Final[Mapping[str, Any]] = {
    "ignore_result": True,
    "retry": True,
    "retry_policy": _RETRY,
    "confirm_timeout": _CONFIRM_SECONDS,
}

_log = structlog.get_logger(__name__)


def wake_workers(tasks: Sequence[FileTask]) -> None:
    """Send a message for each; what a broker out of reach does not take is left to the sweeper."""
    for place, task in enumerate(tasks):
        try:
            _send(task)
        except BrokerGone as error:
            _log.warning("queue_unreachable", file_task=str(task.uuid), error=str(error))
            _leave_to_sweeper(tasks[place:])
            return


def send_message(name: str, *arguments: str) -> None:
    """Wake a worker for what beat asks for too; a broker out of reach is left to beat."""
    try:
        current_app.send_task(name, args=arguments, **_SENDING)
    except BrokerGone as error:
        _log.warning("queue_unreachable", task=name, error=str(error))


def send_group(name: str, arguments: Sequence[Sequence[object]]) -> str:
    """Spread one piece of work over a Celery group, a message for each of ``arguments``.

    Returns the group's id. Whoever sends it must be able to do the work alone: what a broker out
    of reach does not take is only logged.
    """
    group_id = str(uuid4())
    for place, each in enumerate(arguments):
        try:
            current_app.send_task(name, args=each, group_id=group_id, group_index=place, **_SENDING)
        except BrokerGone as error:
            _log.warning("queue_unreachable", group=group_id, error=str(error))
            break
    return group_id


def _send(task: FileTask) -> None:
    current_app.send_task(TASK_NAMES[TaskType(task.task_type)], args=(str(task.uuid),), **_SENDING)


def _leave_to_sweeper(tasks: Sequence[FileTask]) -> None:
    """Mark them as not sent; should even that fail, their age brings the sweeper to them."""
    unsent = FileTask.objects.filter(pk__in=[task.pk for task in tasks], status=TaskStatus.PENDING)
    try:
        unsent.update(queued_at=None)
    except (DatabaseGone, DatabaseInterfaceError) as error:
        _log.warning("queue_and_ledger_unreachable", error=str(error))
