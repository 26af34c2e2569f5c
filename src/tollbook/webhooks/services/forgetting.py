"""The delivery log is kept for a time."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings

from tollbook.webhooks.models import Delivery

_AT_ONCE: Final = 1_000
_log = structlog.get_logger(__name__)


def forget_deliveries(now: datetime) -> int:
    """Remove deliveries, with their attempts, that were settled too long ago; returns how many."""
    before, forgotten = now - timedelta(days=settings.LOG_DAYS), 0
    while old := list(_settled(before)):
        Delivery.objects.filter(pk__in=old).delete()
        forgotten += len(old)
    if forgotten:
        _log.info("webhook_deliveries_forgotten", count=forgotten)
    return forgotten


def _settled(before: datetime) -> list[UUID]:
    old = Delivery.objects.filter(settled_at__lt=before).order_by("settled_at")
    return list(old.values_list("pk", flat=True)[:_AT_ONCE])
