"""A folder on this machine's disk for one attempt at an import; gone when the attempt is over."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.storage.folders import make_private

_NAME: Final = re.compile(r"([0-9a-f-]{36})-[0-9]+")


@contextmanager
def work_folder(task: FileTask) -> Iterator[Path]:
    """An empty folder; what killed attempts left in theirs is removed first."""
    top = make_private(Path(settings.TOLLBOOK_HOME) / "work")
    _sweep(top, keep=task)
    folder = top / f"{task.uuid}-{task.attempt}"
    make_private(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(top: Path, *, keep: FileTask) -> None:
    found = {path: UUID(name[1]) for path in top.iterdir() if (name := _NAME.fullmatch(path.name))}
    at_work = set(
        FileTask.objects.filter(pk__in=set(found.values()), status=TaskStatus.IN_PROGRESS)
        .exclude(pk=keep.pk)
        .values_list("pk", flat=True)
    )
    for path, uuid in found.items():
        if uuid not in at_work:
            shutil.rmtree(path, ignore_errors=True)
