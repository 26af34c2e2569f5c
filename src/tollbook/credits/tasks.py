"""What beat asks for: expiring credits."""

from celery import shared_task
from django.utils import timezone

from tollbook.credits import services


@shared_task(name="credits.expire_credits", ignore_result=True)
def expire_credits() -> None:
    """Expire what is left of credits whose time is over."""
    services.expire_credits(timezone.now())
