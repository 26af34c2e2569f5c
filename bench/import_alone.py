"""One import in a process of its own: ``python -m bench.import_alone WAY FILE``.

Prints one line of JSON: seconds, those of the processor, the peak of memory, and how many records
were imported.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import django

from bench import memory


def main(way: str, file: str) -> None:
    """Import ``file`` and print what it took."""
    django.setup()
    from django.db import connection

    connection.ensure_connection()
    prepare, run = WAYS[way]
    prepared = prepare(Path(file))
    memory.forget_peak()
    began, busy = time.perf_counter(), time.process_time()
    imported = run(prepared)
    found = {"seconds": time.perf_counter() - began, "busy": time.process_time() - busy}
    print(json.dumps({**found, "memory": memory.peak(), "imported": imported}))


def _handed_in(file: Path) -> object:
    """A task that waits for a worker, which this process then is."""
    from tollbook.clients.models import User
    from tollbook.clients.selectors import viewer_of
    from tollbook.config import celery as _app  # noqa: F401  messages go through it
    from tollbook.config.queue import ensure_queue
    from tollbook.usage.forms import form_of_name
    from tollbook.usage.services import submit_import
    from tollbook.usage.uploads import receiving

    ensure_queue()
    viewer = viewer_of(User.objects.filter(role="operator").earliest("pk"))
    with receiving() as arrival, file.open("rb") as source:
        shutil.copyfileobj(source, arrival, 1 << 20)
    upload = arrival.upload(file.name, form_of_name(file.name))
    return submit_import(viewer=viewer, upload=upload, request_id=None, now=datetime.now(UTC))


def _into_the_lake(task: object) -> int:
    from tollbook.filetasks.models import FileTask
    from tollbook.usage.tasks import import_data

    if not isinstance(task, FileTask):
        raise TypeError("no task was handed in")
    import_data(str(task.uuid))
    task.refresh_from_db()
    return int(task.processing_notes["imported"])


def _emptied(file: Path) -> object:
    from bench.peers.usage_table import make_table

    make_table()
    return file


def _by_copy(file: object) -> int:
    from bench.peers.usage_table import copy_rows

    return copy_rows(Path(str(file)))


def _by_bulk_create(file: object) -> int:
    from bench.peers.usage_table import bulk_create_rows

    return bulk_create_rows(Path(str(file)))


WAYS: Final[Mapping[str, tuple[Callable[[Path], object], Callable[[object], int]]]] = {
    "lake": (_handed_in, _into_the_lake),
    "copy": (_emptied, _by_copy),
    "bulk": (_emptied, _by_bulk_create),
}


if __name__ == "__main__":
    main(*sys.argv[1:])
