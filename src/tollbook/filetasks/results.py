"""Where result files lie: one folder for each task, one name for each attempt.

A worker that lost its task can so never touch the file of the one that took it over.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings

from tollbook.filetasks.models import FileTask
from tollbook.storage.files import FileStore, open_file_store

_FOLDER: Final = "results"
_log = structlog.get_logger(__name__)


def result_store() -> FileStore:
    """The store that ``STORAGE_URL`` names."""
    return open_file_store(settings.STORAGE_URL, home=settings.TOLLBOOK_HOME)


def result_key(task: FileTask, suffix: str = "parquet") -> str:
    """The key under which this attempt at ``task`` writes its result."""
    return f"{_FOLDER}/{task.uuid}/{task.attempt}.{suffix}"


def discard_attempt(task: FileTask) -> None:
    """Remove what this attempt wrote, whole or half; a store out of reach is logged."""
    _discard(task.uuid, prefix=f"{task.attempt}.")


def discard_others(task: FileTask, *, keep: str) -> None:
    """Remove what killed attempts at ``task`` left beside the result ``keep``."""
    _discard(task.uuid, keep=keep)


def discard_results(uuid: UUID) -> bool:
    """Remove every file of the task; False where the store is out of reach, which is logged."""
    return _discard(uuid)


def sweep_halves(older_than: datetime) -> int:
    """Remove what writers that were killed left half; a store out of reach is logged."""
    try:
        return result_store().sweep_parts(older_than)
    except OSError as error:
        _log.warning("halves_not_removed", error=str(error))
        return 0


def _discard(uuid: UUID, *, prefix: str = "", keep: str = "") -> bool:
    folder = f"{_FOLDER}/{uuid}"
    try:
        store = result_store()
        keys = store.keys(folder)
        doomed = [key for key in keys if key.startswith(f"{folder}/{prefix}") and key != keep]
        if doomed == keys:
            store.delete_folder(folder)
        else:
            for key in doomed:
                store.delete(key)
    except OSError as error:
        _log.warning("results_not_removed", file_task=str(uuid), error=str(error))
        return False
    return True
