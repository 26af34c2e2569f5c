"""What beat asks for, and what workers are woken for: firing, settling, expiring."""

from typing import Final

from celery import shared_task

from tollbook.filetasks.queue import send_message
from tollbook.filetasks.selectors import database_now
from tollbook.schedules import services

_FIRE: Final = "schedules.fire"
_SETTLE: Final = "schedules.settle"
_AT_ONCE: Final = 200


@shared_task(name="schedules.fire_schedules", ignore_result=True)
def fire_schedules() -> None:
    """Wake workers for every schedule that is due and every run whose task has ended."""
    now = database_now()
    for schedule_id in services.due_schedules(now, at_most=_AT_ONCE):
        send_message(_FIRE, str(schedule_id))
    for run_id in services.ended_runs(now, at_most=_AT_ONCE):
        send_message(_SETTLE, str(run_id))


@shared_task(name=_FIRE, ignore_result=True)
def fire(schedule_id: str) -> None:
    """Ask for what one schedule is due."""
    services.fire_schedule(int(schedule_id), now=database_now())


@shared_task(name=_SETTLE, ignore_result=True)
def settle(run_id: str) -> None:
    """Bring one result to its place."""
    services.settle_run(int(run_id))


@shared_task(name="schedules.expire_exports", ignore_result=True)
def expire_exports() -> None:
    """Remove exported files past their time, and old runs."""
    now = database_now()
    services.expire_exports(now)
    services.forget_runs(now)
