"""Removing results, copies and halves past their time; files unknown to the ledger stay."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import discard_results, sweep_copies, sweep_halves

_AT_ONCE: Final = 1_000
_NO_LONGER_WRITTEN: Final = timedelta(days=1)
_log = structlog.get_logger(__name__)


def expire_results(now: datetime) -> int:
    """Remove expired files; their rows stay and say when. Returns how many tasks had some.

    Another ledger may share the store, such as one restored from a backup to try it: so only what
    this ledger knows is removed, and what nobody can finish any more.
    """
    sweep_halves(now - _NO_LONGER_WRITTEN)
    sweep_copies(now - timedelta(hours=settings.COPY_RETENTION_HOURS))
    expired = FileTask.objects.filter(result_expires_at__lte=now).exclude(result_key="")
    due = list(expired.order_by("result_expires_at").values_list("pk", flat=True)[:_AT_ONCE])
    removed = [uuid for uuid in due if discard_results(uuid)]
    FileTask.objects.filter(pk__in=removed).update(result_key="")
    if removed:
        _log.info("results_removed", expired=len(removed))
    return len(removed)
