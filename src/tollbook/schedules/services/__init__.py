"""What is done with schedules: kept, fired at their time, their results brought to their place."""

from tollbook.schedules.services.expiring import expire_exports, forget_runs
from tollbook.schedules.services.firing import due_schedules, fire_schedule, run_now
from tollbook.schedules.services.keeping import add_schedule, change_schedule, remove_schedule
from tollbook.schedules.services.settling import ended_runs, settle_run

__all__ = [
    "add_schedule",
    "change_schedule",
    "due_schedules",
    "ended_runs",
    "expire_exports",
    "fire_schedule",
    "forget_runs",
    "remove_schedule",
    "run_now",
    "settle_run",
]
