"""What a worker is woken for: imports, and removing what they leave."""

from typing import Final
from uuid import UUID

from celery import shared_task

from tollbook.filetasks.queue import send_message
from tollbook.filetasks.selectors import database_now
from tollbook.filetasks.services import run_file_task
from tollbook.usage import leftovers
from tollbook.usage.services import end_import, import_usage

_WHAT_FOLLOWS: Final = "expenses.rate_imported"
"""The room that rates lies above this one."""


@shared_task(name="usage.import_data", ignore_result=True)
def import_data(file_task_uuid: str) -> None:
    """Import the file that the file task is about, and let what it brought be rated."""
    try:
        run_file_task(UUID(file_task_uuid), work=import_usage)
        send_message(_WHAT_FOLLOWS, file_task_uuid)
    finally:
        end_import(UUID(file_task_uuid))


@shared_task(name="usage.discard_leftovers", ignore_result=True)
def discard_leftovers() -> None:
    """Remove files that nothing needs any more."""
    leftovers.discard_leftovers(database_now())
