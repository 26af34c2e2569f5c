"""Exported files go when their time is over, and what is known of runs some time after that."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from tollbook.filetasks.results import result_store
from tollbook.schedules.models import Run

_AT_ONCE: Final = 1_000
_log = structlog.get_logger(__name__)


def expire_exports(now: datetime) -> int:
    """Remove exported files past their time; a store out of reach is asked again later."""
    removed = [run for run in _expired(now) if _remove(run)]
    Run.objects.filter(pk__in=[run.pk for run in removed]).update(exported_key="")
    if removed:
        _log.info("exports_removed", expired=len(removed))
    return len(removed)


def forget_runs(now: datetime) -> int:
    """Remove runs that were settled too long ago and have no file any more."""
    before = now - timedelta(days=settings.LOG_DAYS)
    old = Run.objects.filter(settled_at__lt=before, exported_key="").order_by("settled_at")
    forgotten = 0
    while chosen := list(old.values_list("pk", flat=True)[:_AT_ONCE]):
        Run.objects.filter(pk__in=chosen).delete()
        forgotten += len(chosen)
    return forgotten


def _expired(now: datetime) -> list[Run]:
    expired = Run.objects.filter(export_expires_at__lte=now).exclude(exported_key="")
    return list(expired.order_by("export_expires_at")[:_AT_ONCE])


def _remove(run: Run) -> bool:
    """Whether the file is gone, or belongs to a later run by now."""
    later = Run.objects.filter(exported_key=run.exported_key).exclude(pk=run.pk)
    if later.exists():
        return True
    try:
        result_store().delete(run.exported_key)
    except OSError as error:
        _log.warning("export_not_removed", run=run.pk, error=str(error))
        return False
    return True
