"""Importing usage: a file is handed in, a worker takes its good records into the lake."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import polars as pl
from django.conf import settings
from django.utils import timezone

from tollbook.clients.models import Client
from tollbook.clients.rules import Role
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_key, result_store
from tollbook.filetasks.rules import UNFINISHED, TaskType
from tollbook.filetasks.services import Progress, TaskOutcome, submit_file_task
from tollbook.kernel.errors import Forbidden
from tollbook.kernel.periods import next_month
from tollbook.results.beside import in_order
from tollbook.results.result_writer import ResultWriter
from tollbook.usage import uploads
from tollbook.usage.checks import Checked, check_records
from tollbook.usage.closed_months import resellers_closed_in
from tollbook.usage.entering import Entered, enter_lake
from tollbook.usage.forms import UsageFormat
from tollbook.usage.names import names_for
from tollbook.usage.prints import Printer
from tollbook.usage.readers import Unread, read_records
from tollbook.usage.refusals import REFUSED_COLUMNS
from tollbook.usage.seen import Seen
from tollbook.usage.staging import Staging
from tollbook.usage.work_folder import work_folder

_MOST_AT_ONCE: Final = 4
"""More threads than this would wait for the one that takes what they made."""
_MAY_IMPORT: Final = frozenset({Role.OPERATOR, Role.ADMIN})


def check_may_import(viewer: Viewer) -> None:
    """Refuse roles that may not hand in usage."""
    if viewer.role not in _MAY_IMPORT:
        raise Forbidden("Only operators and a reseller's admins may import usage.")


def submit_import(
    *, viewer: Viewer, upload: uploads.Upload, request_id: UUID | None, now: datetime
) -> FileTask:
    """Record an import of a file that is in the store; from now on the task owns it.

    The same file under the same ``request_id`` is the task that is there; a file that comes to
    nothing is removed.
    """
    try:
        check_may_import(viewer)
        task = submit_file_task(
            viewer=viewer,
            task_type=TaskType.IMPORT_DATA,
            parameters={"type": TaskType.IMPORT_DATA.value, **uploads.shown(upload)},
            resolved={**uploads.shown(upload), "upload": upload.key},
            client_id=viewer.account_id,
            request_id=request_id,
            now=now,
        )
    except BaseException:
        uploads.discard(upload.key)
        raise
    if uploads.key_of(task) != upload.key:
        uploads.discard(upload.key)
    return task


def import_usage(task: FileTask, progress: Progress) -> TaskOutcome:
    """Take the good records of the file into the lake, as the one who asked may see names now.

    The result holds the refused ones. It is whole before anything counts, and what counts does so
    at once.
    """
    store, key = result_store(), result_key(task)
    about = {"template": TaskType.IMPORT_DATA.value, "parameters": dict(task.parameters)}
    with work_folder(task) as folder, ExitStack() as writing:
        sink = writing.enter_context(store.writing(key))
        writer = writing.enter_context(
            ResultWriter(sink, REFUSED_COLUMNS, {**about, "information": _information(task)})
        )
        staging, count = Staging(folder), _Count()
        for checked, prints in _checked(task, progress, folder):
            count.add(checked)
            staging.add(checked.good, prints)
            _refuse(writer, checked.refused)
        staging.close(progress.check)
        entered = enter_lake(
            staging,
            folder,
            task=task,
            progress=progress,
            refuse=lambda rows: _refuse(writer, rows),
            finish=writing.close,
        )
    return TaskOutcome(
        key=key,
        bytes=store.size(key),
        rows=writer.summary.rows,
        digest=writer.summary.digest,
        notes=_notes(task, count, entered),
    )


def end_import(uuid: UUID) -> None:
    """Remove the upload of an import that has ended; one that will be tried again keeps it."""
    task = FileTask.objects.filter(pk=uuid).exclude(status__in=UNFINISHED).first()
    if task is not None:
        uploads.discard(uploads.key_of(task))


@dataclass
class _Count:
    """Records of the file so far."""

    read: int = 0
    refused: int = 0

    def add(self, checked: Checked) -> None:
        self.read += checked.records
        self.refused += checked.refused["line"].n_unique()


def _checked(
    task: FileTask, progress: Progress, folder: Path
) -> Iterator[tuple[Checked, pl.DataFrame]]:
    """The records of the file, looked at, and prints of the good ones; tells how far it is."""
    names, seen = names_for(viewer_of(task.user)), Seen()
    form = uploads.form_of(task)
    done = 0
    with uploads.opened(task) as file, Printer() as printer:

        def looked_at(unread: Unread, place: int) -> tuple[Checked, pl.DataFrame, int]:
            checked = check_records(unread(), names, seen)
            return checked, printer.prints_of(checked.good), place

        length = file.size()
        pieces = read_records(file, form, most=settings.MAX_UNPACKED_IMPORT_BYTES, folder=folder)
        jobs = (partial(looked_at, unread, file.tell()) for unread in pieces)
        for checked, prints, place in in_order(
            jobs, at_once=min(_MOST_AT_ONCE, os.cpu_count() or 1)
        ):
            yield checked, prints
            done += checked.records
            total = None
            if form.format is not UsageFormat.PARQUET and place:
                total = max(done, done * length // place)
            progress.report(done=done, total=total)


def _refuse(writer: ResultWriter, rows: pl.DataFrame) -> None:
    for batch in rows.to_arrow().to_batches():
        writer.write(batch)


def _information(task: FileTask) -> list[tuple[str, str]]:
    told = task.parameters
    return [
        ("Import", str(told["file_name"])),
        ("SHA-256 of the file", str(told["sha256"])),
    ]


def _notes(task: FileTask, count: _Count, entered: Entered) -> dict[str, Any]:
    earlier = task.processing_notes.get("warnings") or ()
    warnings = [*earlier, *_closed(entered), *_to_come(entered, timezone.now().date())]
    return {
        "records_to_process": count.read,
        "records_processed": count.read,
        "records_read": count.read,
        "imported": entered.imported,
        "known": entered.known,
        "refused": count.refused + entered.refused,
        "warnings": warnings,
    }


def _closed(entered: Entered) -> Iterator[dict[str, Any]]:
    """A warning for each reseller and month that is closed and got new records all the same."""
    clients = {client for _, client in entered.by_month}
    owners = dict(Client.objects.filter(pk__in=clients).values_list("pk", "reseller_id"))
    for month in sorted({month for month, _ in entered.by_month}):
        closed = resellers_closed_in(month)
        late: dict[int, int] = {}
        for (of_month, client), records in entered.by_month.items():
            if of_month == month and owners.get(client) in closed:
                late[owners[client]] = late.get(owners[client], 0) + records
        yield from (_warning(month, reseller, late[reseller]) for reseller in sorted(late))


def _to_come(entered: Entered, today: date) -> Iterator[dict[str, Any]]:
    """A warning for each month that is further away than the next one: a mistyped year, mostly."""
    far: dict[date, int] = {}
    for (month, _), records in entered.by_month.items():
        if month > next_month(today):
            far[month] = far.get(month, 0) + records
    for month, records in sorted(far.items()):
        yield {
            "code": "month_to_come",
            "message": f"{records} records are for {month:%Y-%m}, which is far ahead: they are "
            "kept, and charged in that month. Was another year meant?",
            "month": f"{month:%Y-%m}",
            "records": records,
        }


def _warning(month: date, reseller: int, records: int) -> dict[str, Any]:
    return {
        "code": "closed_month",
        "message": f"{records} records are for {month:%Y-%m}, which is closed: what they cost is "
        "charged as a correction in the next open month.",
        "month": f"{month:%Y-%m}",
        "reseller_id": reseller,
        "records": records,
    }
