"""What a run asked for has ended: the result is brought to its place, or the run has failed."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from tollbook.clients.selectors import viewer_of
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import open_result
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import UNFINISHED, TaskStatus, TaskType
from tollbook.filetasks.selectors import database_now
from tollbook.kernel.errors import DomainError, Unavailable
from tollbook.reports.renderers import RENDERERS, ReportFormat
from tollbook.schedules.models import Run, Schedule
from tollbook.schedules.rules import LEASE, MOST_TRIES, RunState, Target, export_key, pause_after
from tollbook.webhooks.services import announce_to

_log = structlog.get_logger(__name__)


class RunFailed(DomainError):
    """The run comes to nothing, and trying again does not help."""

    code = "run_failed"


def ended_runs(now: datetime, *, at_most: int) -> list[int]:
    """Runs whose task has ended, or is gone, and whose result is not in its place."""
    working = FileTask.objects.filter(pk=OuterRef("file_task_uuid"), status__in=UNFINISHED)
    waiting = Run.objects.filter(~Exists(working), state=RunState.PENDING, due_at__lte=now)
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:at_most])


def settle_run(run_id: int) -> Run | None:
    """Bring the result to its place, if nobody else is at it; what may pass is tried again."""
    run = _claim(run_id, database_now())
    if run is None:
        return None
    try:
        _bring(run)
    except (Unavailable, OSError) as error:
        _put_off(run, str(error))
    except DomainError as error:
        _settle(run, RunState.FAILED, error.message)
    else:
        _settle(run, RunState.COMPLETED)
    return run


def _claim(run_id: int, now: datetime) -> Run | None:
    """Take it for a while; should that not be enough, another writes the same bytes again."""
    due = Run.objects.filter(pk=run_id, state=RunState.PENDING, due_at__lte=now)
    if not due.update(tries=F("tries") + 1, due_at=now + LEASE):
        return None
    return Run.objects.select_related("schedule__user", "schedule__endpoint").get(pk=run_id)


def _bring(run: Run) -> None:
    if run.schedule is None:
        raise RunFailed("The schedule was removed.")
    task = FileTask.objects.filter(Q(pk=run.file_task_uuid)).first()
    if task is None:
        raise RunFailed("The task was removed.")
    if run.schedule.target == Target.WEBHOOK:
        _tell(run, run.schedule, task)
    if task.status != TaskStatus.COMPLETED:
        raise RunFailed(_reason(task))
    if run.schedule.target == Target.STORAGE:
        _export(run, run.schedule, task)


def _tell(run: Run, schedule: Schedule, task: FileTask) -> None:
    """Tell the webhook, also where it does not listen to such events; never twice."""
    if schedule.endpoint is None:
        raise RunFailed("The webhook was removed.")
    if not schedule.endpoint.enabled:
        raise RunFailed("The webhook is disabled.")
    delivery = announce_to(schedule.endpoint, task, now=database_now())
    run.delivery_id = None if delivery is None else delivery.pk


def _export(run: Run, schedule: Schedule, task: FileTask) -> None:
    """Write the result, in the same bytes as its download has."""
    renderer = RENDERERS[ReportFormat(schedule.format)]
    owner = str(schedule.reseller_id or "operator")
    key = export_key(owner, schedule.name, run.fire_at, renderer.extension)
    now, digest, length = database_now(), hashlib.sha256(), 0
    opened = open_result(viewer_of(schedule.user), task.uuid, TaskType(task.task_type), now=now)
    try:
        with result_store().writing(key) as file:
            for piece in renderer.render(opened.result):
                file.write(piece)
                digest.update(piece)
                length += len(piece)
    finally:
        opened.close()
    run.exported_key, run.exported_bytes, run.exported_sha256 = key, length, digest.hexdigest()
    kept = schedule.keep_days or settings.EXPORT_RETENTION_DAYS
    run.export_expires_at = now + timedelta(days=kept)


def _reason(task: FileTask) -> str:
    if task.status == TaskStatus.CANCELLED:
        return "The task was cancelled."
    errors = task.processing_notes.get("errors") or [{}]
    return str(errors[-1].get("message") or "The task failed.")


def _put_off(run: Run, reason: str) -> None:
    if run.tries >= MOST_TRIES:
        _settle(run, RunState.FAILED, f"{_NOT_STORED} {run.tries} times.")
        return
    _log.warning("schedule_result_put_off", run=run.pk, tries=run.tries, error=reason)
    waiting = Run.objects.filter(pk=run.pk, state=RunState.PENDING)
    waiting.update(due_at=database_now() + pause_after(run.tries), error=f"{_NOT_STORED} yet.")


def _settle(run: Run, state: RunState, error: str = "") -> None:
    """The end of the run; where two have brought the result the first one counts."""
    run.state, run.error, run.settled_at = state, error[:1_000], database_now()
    with transaction.atomic():
        if Run.objects.select_for_update().filter(pk=run.pk, state=RunState.PENDING).first():
            run.save(update_fields=_SETTLED)
    _log.info("schedule_run_ended", run=run.pk, state=state, error=error)


_NOT_STORED: Final = "The storage did not take the result"
_SETTLED: Final = (
    "state",
    "error",
    "settled_at",
    "exported_key",
    "exported_bytes",
    "exported_sha256",
    "export_expires_at",
    "delivery_id",
)
