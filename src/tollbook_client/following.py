"""Following a piece of background work to its end."""

import time
from collections.abc import Callable
from typing import Final

from tollbook_client.errors import (
    ReportCancelled,
    ReportFailed,
    ServerUnavailable,
    WaitedTooLong,
)
from tollbook_client.values import FileTask, TaskStatus

_FIRST_LOOK: Final = 0.05
_LONGEST_LOOK: Final = 2.0
_PATIENCE: Final = 60.0
"""Seconds for which a server may be away while its work is awaited."""


def followed(
    look_at: Callable[[], FileTask],
    noun: str,
    *,
    pause: Callable[[float], object],
    on_progress: Callable[[FileTask], None] | None = None,
    timeout: float | None = None,
) -> FileTask:
    """Look again and again until the work is completed; raise when it failed or was cancelled.

    ``on_progress`` sees the task each time; a server that is away for a while is waited for.
    """
    begin = last_seen = time.monotonic()
    look = _FIRST_LOOK
    while True:
        try:
            task = look_at()
        except ServerUnavailable:
            if time.monotonic() - last_seen > _PATIENCE:
                raise
        else:
            last_seen = time.monotonic()
            if on_progress is not None:
                on_progress(task)
            if task.status.is_final:
                return _completed(task, noun)
        if timeout is not None and time.monotonic() + look - begin > timeout:
            raise WaitedTooLong(f"the {noun} is not finished after {timeout:g} s")
        pause(look)
        look = min(look * 1.3, _LONGEST_LOOK)


def _completed(task: FileTask, noun: str) -> FileTask:
    if task.status is TaskStatus.CANCELLED:
        raise ReportCancelled(f"{noun} {task.uuid} was cancelled")
    if task.status is TaskStatus.FAILED:
        errors = task.processing_notes.errors
        texts = [str(error.get("message") or error.get("code") or error) for error in errors]
        reason = "; ".join(texts) or "the server does not say why"
        raise ReportFailed(f"{noun} {task.uuid} failed: {reason}", uuid=task.uuid, errors=errors)
    return task
