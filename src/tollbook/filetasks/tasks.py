"""What beat asks for: expiring results."""

from celery import shared_task

from tollbook.filetasks import services
from tollbook.filetasks.selectors import database_now


@shared_task(name="filetasks.expire_results", ignore_result=True)
def expire_results() -> None:
    """Remove results past their time."""
    services.expire_results(database_now())
