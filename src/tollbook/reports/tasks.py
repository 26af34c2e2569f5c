"""What a worker is woken for: making reports, and what makes them fast."""

from uuid import UUID

from celery import shared_task

from tollbook.filetasks.selectors import database_now
from tollbook.filetasks.services import run_file_task
from tollbook.reports import ready_months
from tollbook.reports.services import write_report


@shared_task(name="reports.generate_report", ignore_result=True)
def generate_report(file_task_uuid: str) -> None:
    """Make the report that the file task asks for."""
    run_file_task(UUID(file_task_uuid), work=write_report)


@shared_task(name="reports.prepare_months", ignore_result=True)
def prepare_months() -> None:
    """Make closed months ready that are not yet."""
    ready_months.prepare_months(now=database_now())


@shared_task(name="reports.sweep_months", ignore_result=True)
def sweep_months() -> None:
    """Remove what was made ready and serves nobody any more."""
    ready_months.sweep_months(now=database_now())
