"""What a piece of work gets and gives back: progress that can stop it, and the file it made."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tollbook.filetasks.models import FileTask


class TaskStopped(Exception):
    """The task was cancelled, removed or taken from this worker: nothing more may be written."""


@dataclass(frozen=True)
class TaskOutcome:
    """A finished result: its key in the store, its length, rows and digest, and notes to keep."""

    key: str
    bytes: int
    rows: int
    digest: str
    notes: Mapping[str, Any] = field(default_factory=dict)


class Progress:
    """What a worker's thread and its heartbeat tell each other; neither call waits for anything."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._numbers: dict[str, int] = {}

    def check(self) -> None:
        """Raise ``TaskStopped`` if the work is not wanted any more; call it between batches."""
        if self._stopped.is_set():
            raise TaskStopped

    def report(self, *, done: int, total: int | None = None) -> None:
        """Tell how many records are done and how many there are; then as ``check``."""
        known = {"records_processed": done, "records_to_process": total}
        self._numbers = {name: count for name, count in known.items() if count is not None}
        self.check()

    def stop(self) -> None:
        """Make the next ``check`` raise."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether the work was told to stop."""
        return self._stopped.is_set()

    @property
    def numbers(self) -> Mapping[str, int]:
        """The notes that were reported last."""
        return self._numbers


Work = Callable[[FileTask, Progress], TaskOutcome]
