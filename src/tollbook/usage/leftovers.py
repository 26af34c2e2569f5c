"""Files that nothing needs any more: uploads of imports that ended, prints that were merged."""

from datetime import datetime, timedelta
from typing import Final

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import UNFINISHED, TaskType
from tollbook.usage import known, uploads
from tollbook.usage.models import KnownRecords

_MERGED: Final = timedelta(days=1)
"""So long a file of prints stays after it was merged: a backup may name it still."""
_FORGOTTEN: Final = timedelta(days=7)
"""An upload that no task names may be one that is just coming in, or of another ledger."""


def discard_leftovers(now: datetime) -> int:
    """Remove them; how many there were."""
    store = result_store()
    imports = FileTask.objects.filter(task_type=TaskType.IMPORT_DATA)
    ended = imports.exclude(status__in=UNFINISHED).filter(updated_at__gte=now - _FORGOTTEN)
    doomed = {key for task in ended.iterator() if (key := uploads.key_of(task))}
    waiting = {uploads.key_of(task) for task in imports.filter(status__in=UNFINISHED)}
    doomed &= set(store.keys(uploads.FOLDER))
    doomed |= set(store.old_keys(uploads.FOLDER, now - _FORGOTTEN)) - waiting
    needed = set(KnownRecords.objects.values_list("key", flat=True))
    doomed |= set(store.old_keys(known.FOLDER, now - _MERGED)) - needed
    for key in doomed:
        uploads.discard(key)
    return len(doomed)
