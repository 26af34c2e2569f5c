"""The one owner of the status of all background work."""

from tollbook.filetasks.services.announcing import take_endings
from tollbook.filetasks.services.cancelling import cancel_file_task, delete_file_task
from tollbook.filetasks.services.expiring import expire_results
from tollbook.filetasks.services.heartbeat import held_by
from tollbook.filetasks.services.running import run_file_task
from tollbook.filetasks.services.submitting import submit_file_task
from tollbook.filetasks.services.sweeping import Swept, keep_sweeping, sweep_file_tasks
from tollbook.filetasks.work import Progress, TaskOutcome, TaskStopped, Work

__all__ = [
    "Progress",
    "Swept",
    "TaskOutcome",
    "TaskStopped",
    "Work",
    "cancel_file_task",
    "delete_file_task",
    "expire_results",
    "held_by",
    "keep_sweeping",
    "run_file_task",
    "submit_file_task",
    "sweep_file_tasks",
    "take_endings",
]
