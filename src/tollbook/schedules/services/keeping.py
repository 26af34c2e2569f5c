"""Schedules: added, changed, removed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import Conflict
from tollbook.reports.renderers import ReportFormat
from tollbook.schedules.cron import Cron
from tollbook.schedules.models import Schedule
from tollbook.schedules.rules import MOST_SCHEDULES, Kind, Target
from tollbook.schedules.selectors import check_may_schedule, find_schedule, lock_schedule
from tollbook.schedules.services.checking import check_schedule

_WHEN: Final = frozenset({"cron", "time_zone", "enabled"})


def add_schedule(*, viewer: Viewer, asked: Mapping[str, Any], now: datetime) -> Schedule:
    """Add a schedule of the viewer; ``asked`` holds columns of it, ``InvalidFields`` names faults.

    Without an ``asked`` kind it is a report, without a target its file goes to the storage.
    """
    check_may_schedule(viewer)
    schedule = Schedule(
        user_id=viewer.user_id,
        reseller_id=viewer.reseller_id,
        created_at=now,
        **{"kind": Kind.REPORT, "target": Target.STORAGE, **asked},
    )
    if schedule.target == Target.STORAGE and not schedule.format:
        schedule.format = ReportFormat.CSV
    check_schedule(schedule, now=now)
    if Schedule.objects.filter(Q(reseller_id=viewer.reseller_id)).count() >= MOST_SCHEDULES:
        raise Conflict(f"there are {MOST_SCHEDULES} schedules already: remove one first")
    _set_next(schedule, now)
    return _saved(schedule, viewer, now)


def change_schedule(
    *, viewer: Viewer, schedule_id: int, changes: Mapping[str, Any], now: datetime
) -> Schedule:
    """Change the columns that are given; what it asks for stays in the sight of its own user."""
    check_may_schedule(viewer)
    with transaction.atomic():
        schedule = lock_schedule(viewer, schedule_id)
        for name, value in changes.items():
            setattr(schedule, name, value)
        _drop_what_its_target_has_not(schedule, changes)
        check_schedule(schedule, now=now)
        if _WHEN & changes.keys():
            _set_next(schedule, now)
        return _saved(schedule, viewer, now)


def remove_schedule(*, viewer: Viewer, schedule_id: int) -> None:
    """Remove the schedule; the files that it has made stay for their time."""
    check_may_schedule(viewer)
    with transaction.atomic():
        lock_schedule(viewer, schedule_id).delete()


def _drop_what_its_target_has_not(schedule: Schedule, changes: Mapping[str, Any]) -> None:
    """Another target leaves nothing of the old one behind, but what is given with it is checked."""
    if "target" not in changes:
        return
    if schedule.target == Target.STORAGE:
        schedule.endpoint_id = changes.get("endpoint_id")
        schedule.format = schedule.format or ReportFormat.CSV
    else:
        schedule.format = changes.get("format", "")
        schedule.keep_days = changes.get("keep_days")


def _set_next(schedule: Schedule, now: datetime) -> None:
    cron = Cron.of(schedule.cron, schedule.time_zone)
    schedule.next_run_at = cron.next_after(now) if schedule.enabled else None


def _saved(schedule: Schedule, viewer: Viewer, now: datetime) -> Schedule:
    schedule.updated_at = now
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError as error:
        raise Conflict("somebody has just made a schedule of this name") from error
    return find_schedule(viewer, schedule.pk)
