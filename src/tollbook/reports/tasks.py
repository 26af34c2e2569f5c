"""What a worker is woken for: making reports."""

from uuid import UUID

from celery import shared_task

from tollbook.filetasks.services import run_file_task
from tollbook.reports.services import write_report


@shared_task(name="reports.generate_report", ignore_result=True)
def generate_report(file_task_uuid: str) -> None:
    """Make the report that the file task asks for."""
    run_file_task(UUID(file_task_uuid), work=write_report)
