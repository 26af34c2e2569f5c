"""What workers are woken for, and what beat asks for: announcing, delivering, forgetting."""

from celery import shared_task

from tollbook.filetasks.queue import ANNOUNCE_ENDINGS
from tollbook.filetasks.selectors import database_now
from tollbook.webhooks import services
from tollbook.webhooks.services.waking import DELIVER


@shared_task(name=ANNOUNCE_ENDINGS, ignore_result=True)
def announce_endings() -> None:
    """Make messages of the work that has ended."""
    services.announce_endings(database_now())


@shared_task(name=DELIVER, ignore_result=True)
def deliver(endpoint_id: str) -> None:
    """Send what is due to one endpoint."""
    services.deliver_due(int(endpoint_id))


@shared_task(name="webhooks.wake_senders", ignore_result=True)
def wake_senders() -> None:
    """Announce what nobody has announced, and wake workers for what is due."""
    now = database_now()
    services.announce_endings(now)
    services.wake_senders(now)


@shared_task(name="webhooks.forget_deliveries", ignore_result=True)
def forget_deliveries() -> None:
    """Remove what the delivery log need not know any more."""
    services.forget_deliveries(database_now())
