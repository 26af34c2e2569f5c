"""One work that takes its time.

It writes ``batches`` times a line, each ``seconds`` apart, and notes every attempt in the
file ``diary``, so that a test sees who did what.
"""

import hashlib
import os
import time
from pathlib import Path
from uuid import UUID

from celery import current_app, shared_task

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.queue import TASK_NAMES
from tollbook.filetasks.results import result_key, result_store
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import Progress, TaskOutcome, run_file_task

NAME = TASK_NAMES[TaskType.STOP_SUBSCRIPTIONS]

current_app.tasks.pop(NAME, None)
"""What stops subscriptions gives its name to the slow work, in this worker only."""


@shared_task(name=NAME, ignore_result=True)
def run_slow_work(file_task_uuid: str) -> None:
    """What a message starts."""
    run_file_task(UUID(file_task_uuid), work=slow_work)


def slow_work(task: FileTask, progress: Progress) -> TaskOutcome:
    """Write lines slowly."""
    asked = task.parameters
    _note(asked["diary"], "began", task)
    key, digest = result_key(task), hashlib.sha256()
    with result_store().writing(key) as file:
        for batch in range(asked["batches"]):
            progress.report(done=batch, total=asked["batches"])
            time.sleep(asked["seconds"])
            line = f"{batch}".ljust(asked.get("width", 10)).encode() + b"\n"
            file.write(line)
            digest.update(line)
            if asked.get("ask_the_ledger"):
                FileTask.objects.count()
    _note(asked["diary"], "ended", task)
    size = result_store().size(key)
    return TaskOutcome(key=key, bytes=size, rows=asked["batches"], digest=digest.hexdigest())


def _note(diary: str, what: str, task: FileTask) -> None:
    with Path(diary).open("a") as file:
        file.write(f"{what} {task.uuid} {task.attempt} {os.getpid()}\n")
