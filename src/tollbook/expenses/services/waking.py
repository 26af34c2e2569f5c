"""What rating is woken for: an import or a stop that has ended, an operator, and each night."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from uuid import UUID

import pyarrow.compute as pc
import pyarrow.dataset as pads
import structlog

from tollbook.clients.models import Client
from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.runs.summary import RatingSummary
from tollbook.expenses.selectors.months import open_months, resellers_in
from tollbook.expenses.services.corrections import correct_closed_months
from tollbook.expenses.services.rating import rate_month
from tollbook.expenses.services.sparing import LeftOut, rate_but_broken
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus
from tollbook.kernel.errors import Conflict
from tollbook.kernel.periods import DateRange, month_start, months_of, next_month
from tollbook.usage.models import UsageSegment

_IMPORTED: Final = "usage imported"
_STOPPED: Final = "subscriptions stopped"
_NIGHTLY: Final = "rated again at night"
_log = structlog.get_logger(__name__)


def rate_imported(file_task_uuid: UUID, *, now: datetime) -> RatingSummary:
    """Rate what an import brought: open months anew, closed ones by corrections; safe again.

    Only the clients that the import has records of are rated.
    """
    keys: dict[date, list[str]] = defaultdict(list)
    for segment in UsageSegment.objects.filter(file_task=file_task_uuid).order_by("day", "id"):
        keys[month_start(segment.day)].append(segment.key)
    total = RatingSummary()
    for month, files in sorted(keys.items()):
        clients = _clients_in(files)
        if _has(month, MonthStatus.OPEN, clients):
            total += _rated(month, clients, _IMPORTED, now)
        if _has(month, MonthStatus.CLOSED, clients):
            total += _corrected([month], clients, now)
    return total


def rate_asked(
    *,
    month: date,
    now: datetime,
    reason: str,
    client_ids: Collection[int] | None = None,
) -> tuple[RatingSummary, tuple[LeftOut, ...]]:
    """Rate an open month, and the corrections that stand in it, at the prices of now.

    Clients with a line that cannot be rated are left as they are, and returned.
    """

    def rate(ids: Collection[int] | None) -> RatingSummary:
        rated = rate_month(month=month, now=now, reason=reason, client_ids=ids)
        return rated + correct_closed_months(now=now, client_ids=ids, only_in=month)

    return rate_but_broken(client_ids, rate)


def rate_stopped(file_task_uuid: UUID, *, now: datetime) -> RatingSummary:
    """Rate the client of a stop again from its moment on, so that fees end there; safe again."""
    task = FileTask.objects.filter(pk=file_task_uuid, status=TaskStatus.COMPLETED).first()
    total = RatingSummary()
    if task is None:
        return total
    client, at = {task.client_id}, datetime.fromisoformat(task.parameters["at"])
    until = next_month(month_start(now.date()))
    for month in months_of(DateRange(min(month_start(at.date()), until), until)):
        if _has(month.start, MonthStatus.OPEN, client):
            total += _rated(month.start, client, _STOPPED, now)
    return total


def rate_open_months(*, now: datetime) -> RatingSummary:
    """Rate all open months, and correct closed ones that got usage since.

    A client with a line that cannot be rated is left as it is, here and above, and is logged.
    """
    total = RatingSummary()
    for month in open_months(now):
        try:
            total += _rated(month, None, _NIGHTLY, now)
        except Conflict as error:  # a closing began meanwhile, which rates by itself
            _log.info("month_not_rated", month=f"{month:%Y-%m}", why=error.message)
    return total + _corrected(None, None, now)


def _rated(
    month: date, client_ids: Collection[int] | None, reason: str, now: datetime
) -> RatingSummary:
    summary, _ = rate_but_broken(
        client_ids, lambda ids: rate_month(month=month, now=now, reason=reason, client_ids=ids)
    )
    return summary


def _corrected(
    months: Collection[date] | None, client_ids: Collection[int] | None, now: datetime
) -> RatingSummary:
    summary, _ = rate_but_broken(
        client_ids, lambda ids: correct_closed_months(now=now, months=months, client_ids=ids)
    )
    return summary


def _clients_in(keys: list[str]) -> set[int]:
    store = result_store()
    files = pads.dataset(
        [store.path(key) for key in keys], format="parquet", filesystem=store.filesystem
    )
    found: set[int] = set()
    for batch in files.to_batches(columns=["client_id"]):
        found.update(pc.unique(batch["client_id"]).to_pylist())
    return found


def _has(month: date, status: MonthStatus, client_ids: set[int]) -> bool:
    resellers = resellers_in(month, status)
    return Client.objects.filter(pk__in=client_ids, reseller_id__in=resellers).exists()
