"""What beat asks for: marking contracts whose range is over."""

from celery import shared_task
from django.utils import timezone

from tollbook.contracts import services


@shared_task(name="contracts.end_addendums", ignore_result=True)
def end_addendums() -> None:
    """Mark addendums whose range is over as stopped."""
    services.end_addendums(timezone.now())
