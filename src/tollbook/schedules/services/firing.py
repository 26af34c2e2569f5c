"""A schedule's time has come: one run for one moment, and one task for one run."""

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction

from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.invoicing.services import submit_closing
from tollbook.kernel.errors import DomainError, Forbidden, InvalidFields
from tollbook.reports.services import submit_report
from tollbook.schedules.cron import Cron
from tollbook.schedules.models import Run, Schedule
from tollbook.schedules.rules import Kind, RunState, request_id_of
from tollbook.schedules.selectors import check_may_schedule, lock_schedule
from tollbook.schedules.services.checking import previous_month
from tollbook.schedules.words import resolve

_log = structlog.get_logger(__name__)


def due_schedules(now: datetime, *, at_most: int) -> list[int]:
    """Schedules whose time has come, the longest due first."""
    due = Schedule.objects.filter(next_run_at__lte=now).order_by("next_run_at", "pk")
    return list(due.values_list("pk", flat=True)[:at_most])


@transaction.atomic
def fire_schedule(schedule_id: int, *, now: datetime) -> Run | None:
    """Ask for what is due, if nobody else has; of moments that were missed only the latest counts.

    The run, its task and the next moment are one transaction: there is all of it or nothing, and
    whoever comes second finds the next moment in the future.
    """
    waiting = Schedule.objects.select_for_update(skip_locked=True, of=("self",))
    due = waiting.filter(pk=schedule_id, enabled=True, next_run_at__lte=now)
    schedule = due.select_related("user").first()
    if schedule is None:
        return None
    cron = Cron.of(schedule.cron, schedule.time_zone)
    moment = cron.last_until(now) or schedule.next_run_at or now
    schedule.next_run_at = cron.next_after(now)
    schedule.save(update_fields=("next_run_at",))
    return _run(schedule, moment, now=now, by_hand=False)


@transaction.atomic
def run_now(*, viewer: Viewer, schedule_id: int, now: datetime) -> Run:
    """Ask for it once, at this moment; its own times stay as they are, enabled or not."""
    check_may_schedule(viewer)
    schedule = lock_schedule(viewer, schedule_id)
    return _run(schedule, now, now=now, by_hand=True)


def _run(schedule: Schedule, moment: datetime, *, now: datetime, by_hand: bool) -> Run:
    told = {"by_hand": by_hand, "due_at": now, "created_at": now}
    run, fresh = Run.objects.get_or_create(schedule=schedule, fire_at=moment, defaults=told)
    if not fresh:
        return run
    try:
        with transaction.atomic():
            task = _submit(schedule, moment, now)
    except DomainError as error:
        run.state, run.settled_at, run.error = RunState.FAILED, now, _sentence(error)
        _log.warning("schedule_not_submitted", schedule=schedule.pk, error=run.error)
    else:
        run.file_task_uuid = task.uuid
        _log.info("schedule_fired", schedule=schedule.pk, file_task=str(task.uuid))
    run.save()
    return run


def _submit(schedule: Schedule, moment: datetime, now: datetime) -> FileTask:
    if not schedule.user.is_active:
        raise Forbidden("The user of this schedule is not active any more.")
    viewer = viewer_of(schedule.user)
    local = moment.astimezone(ZoneInfo(schedule.time_zone))
    request_id = request_id_of(schedule.pk, moment)
    if schedule.kind == Kind.CLOSING:
        return submit_closing(
            viewer=viewer,
            month=previous_month(local),
            reseller=schedule.parameters.get("reseller"),
            dry_run=schedule.parameters.get("dry_run"),
            request_id=request_id,
            now=now,
        )
    return submit_report(
        viewer=viewer,
        template_code=schedule.template,
        parameters=resolve(schedule.parameters, local.date()),
        request_id=request_id,
        now=now,
    )


def _sentence(error: DomainError) -> str:
    if isinstance(error, InvalidFields):
        parts = [f"{name}: {' '.join(texts)}" for name, texts in error.errors.items()]
        return "; ".join(parts)[:1_000]
    return error.message[:1_000]
