"""What a worker is woken for: closings, their parts, and months that a closing left behind."""

from collections.abc import Sequence
from uuid import UUID

from celery import shared_task

from tollbook.filetasks.queue import TASK_NAMES
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import run_file_task
from tollbook.invoicing import services


@shared_task(name=TASK_NAMES[TaskType.CLOSING_PERIOD], ignore_result=True)
def close_period(file_task_uuid: str) -> None:
    """Close the month that the file task asks for."""
    run_file_task(UUID(file_task_uuid), work=services.close_period)


@shared_task(name=services.CLOSE_CLIENTS, ignore_result=True)
def close_clients(file_task_uuid: str, client_ids: Sequence[int]) -> None:
    """Do a share of a closing's clients, as far as nobody else does."""
    services.close_parts(UUID(file_task_uuid), client_ids)


@shared_task(name="invoicing.release_months", ignore_result=True)
def release_months() -> None:
    """Open months again whose closing has ended without closing them."""
    services.release_abandoned_months()
