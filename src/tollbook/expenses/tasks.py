"""What a worker is woken for: rating what was imported, each night what is open, and stops."""

from uuid import UUID

from celery import shared_task

from tollbook.expenses import services
from tollbook.filetasks.selectors import database_now
from tollbook.filetasks.services import run_file_task


@shared_task(name="expenses.rate_imported", ignore_result=True)
def rate_imported(file_task_uuid: str) -> None:
    """Rate the months that an import brought usage of."""
    services.rate_imported(UUID(file_task_uuid), now=database_now())


@shared_task(name="expenses.rate_open_months", ignore_result=True)
def rate_open_months() -> None:
    """Rate every open month."""
    services.rate_open_months(now=database_now())


@shared_task(name="contracts.stop_subscriptions", ignore_result=True)
def stop_subscriptions(file_task_uuid: str) -> None:
    """Stop what the file task asks for, and rate what that changes."""
    run_file_task(UUID(file_task_uuid), work=services.write_stop)
    services.rate_stopped(UUID(file_task_uuid), now=database_now())
