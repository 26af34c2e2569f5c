"""What a worker is woken for: making reports, and what makes them fast."""

from datetime import date
from uuid import UUID

from celery import shared_task

from tollbook.filetasks.services import run_file_task
from tollbook.invoicing.services import MONTH_SEALED
from tollbook.reports.ready_lines.making import make_ready_lines
from tollbook.reports.services import write_report


@shared_task(name="reports.generate_report", ignore_result=True)
def generate_report(file_task_uuid: str) -> None:
    """Make the report that the file task asks for."""
    run_file_task(UUID(file_task_uuid), work=write_report)


@shared_task(name=MONTH_SEALED, ignore_result=True)
def make_lines(reseller_id: str, month: str) -> None:
    """Make the lines of a month that was closed just now, or that a report missed."""
    make_ready_lines(reseller_id=int(reseller_id), month=date.fromisoformat(month))
