"""Where result files lie: one folder for each task, one name for each attempt.

A worker that lost its task can so never touch the file of the one that took it over. Copies of a
result in other forms lie beside it; they can be made again, and are kept only for a while.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings

from tollbook.filetasks.models import FileTask
from tollbook.storage.files import FileStore, open_file_store

_FOLDER: Final = "results"
_COPY: Final = ".as-"
_log = structlog.get_logger(__name__)


def result_store() -> FileStore:
    """The store that ``STORAGE_URL`` names."""
    return open_file_store(settings.STORAGE_URL, home=settings.TOLLBOOK_HOME)


def result_key(task: FileTask, suffix: str = "parquet") -> str:
    """The key under which this attempt at ``task`` writes its result."""
    return f"{_FOLDER}/{task.uuid}/{task.attempt}.{suffix}"


def copy_key(result: str, name: str) -> str:
    """The key of the copy called ``name`` of the result that lies under the key ``result``."""
    return f"{result.rpartition('.')[0]}{_COPY}{name}"


def discard_attempt(task: FileTask) -> None:
    """Remove what this attempt wrote, whole or half; a store out of reach is logged."""
    _discard(task.uuid, prefix=f"{task.attempt}.")


def discard_others(task: FileTask, *, keep: str) -> None:
    """Remove what killed attempts at ``task`` left beside the result ``keep`` and its copies."""
    _discard(task.uuid, keep=keep.rpartition(".")[0] + ".")


def discard_results(uuid: UUID) -> bool:
    """Remove every file of the task; False where the store is out of reach, which is logged."""
    return _discard(uuid)


def sweep_copies(older_than: datetime) -> int:
    """Remove copies made before ``older_than``; a store out of reach is logged."""
    try:
        store = result_store()
        old = [key for key in store.old_keys(_FOLDER, older_than) if _COPY in key]
        for key in old:
            store.delete(key)
    except OSError as error:
        _log.warning("copies_not_removed", error=str(error))
        return 0
    return len(old)


def sweep_halves(older_than: datetime) -> int:
    """Remove what writers that were killed left half; a store out of reach is logged."""
    try:
        return result_store().sweep_parts(older_than)
    except OSError as error:
        _log.warning("halves_not_removed", error=str(error))
        return 0


def _is_of(key: str, attempt: str) -> bool:
    return bool(attempt) and key.startswith(attempt)


def _discard(uuid: UUID, *, prefix: str = "", keep: str = "") -> bool:
    folder = f"{_FOLDER}/{uuid}"
    try:
        store = result_store()
        keys = store.keys(folder)
        doomed = [
            key for key in keys if key.startswith(f"{folder}/{prefix}") and not _is_of(key, keep)
        ]
        if doomed == keys:
            store.delete_folder(folder)
        else:
            for key in doomed:
                store.delete(key)
    except OSError as error:
        _log.warning("results_not_removed", file_task=str(uuid), error=str(error))
        return False
    return True
