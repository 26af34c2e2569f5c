"""Staged records go into the lake: judged against all that it knows, whole or not at all.

Files are written first and count for nothing until their rows are committed, in one transaction
under the lake's lock and only while the task still belongs to this attempt.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import connection, transaction

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.services import Progress, TaskStopped, held_by
from tollbook.kernel.periods import month_start
from tollbook.results.parquet_batches import batches_of
from tollbook.storage.files import FileStore
from tollbook.usage.dropped import Dropped
from tollbook.usage.known import KnownFiles, judged, to_be_merged, write_known
from tollbook.usage.models import KnownRecords, UsageSegment
from tollbook.usage.prints import PRINT_SCHEMA
from tollbook.usage.refusals import refusals
from tollbook.usage.staged_files import ROW_GROUP, StagedFile, open_lake_writer
from tollbook.usage.staging import Staging
from tollbook.usage.uploads import discard

_FOLDER: Final = "lake/usage"
LAKE_LOCK: Final = 1_819_241_317
"""The number of the lock that whoever changes the lake holds."""
_LOCK: Final = f"SELECT pg_try_advisory_xact_lock({LAKE_LOCK})"
_AGAIN_SECONDS: Final = 0.2
_BLOCK: Final = 4 << 20


@dataclass
class Entered:
    """What went into the lake, what it knew already, and what it refused."""

    imported: int = 0
    known: int = 0
    refused: int = 0
    by_month: dict[tuple[date, int], int] = field(default_factory=dict)
    """New records by the first day of their month and their client."""


def enter_lake(
    staging: Staging,
    folder: Path,
    *,
    task: FileTask,
    progress: Progress,
    refuse: Callable[[pl.DataFrame], None],
    finish: Callable[[], None],
) -> Entered:
    """Make the staged records part of the lake.

    ``refuse`` hears of records that say something else than one under the same id; ``finish`` is
    called when everything has been told and nothing is committed yet.
    """
    entered = Entered()
    with _locked(progress), _written_whole() as written:
        store = result_store()
        _discard_earlier(staging, task, store)
        dropped = Dropped(folder)
        with KnownFiles(store, KnownRecords.objects.all()) as known:
            merged = to_be_merged(known.rows, sum(file.rows for file in staging.files))
            parts = _parts(staging, known, merged, dropped, entered, progress)
            known_key = written.keep(write_known(store, f"{task.uuid}-{task.attempt}", parts))
        segments = []
        for file in staging.files:
            segments += _entered_file(file, dropped, store, task, written, refuse, entered)
            progress.check()
        finish()
        _commit(task, segments, known_key, merged, entered)
    return entered


def enter_new(staging: Staging, *, source: UUID) -> int:
    """Make staged records part of a lake that knows none of them; returns how many.

    For a book that is loaded whole, in the caller's transaction. Nothing is judged: each record
    must be there once. The files are named by ``source``, as those of an import by its task.
    """
    store, name = result_store(), f"{source}-1"
    known = (part.select(PRINT_SCHEMA.names) for _, part in staging.prints.parts())
    known_key = write_known(store, name, known)
    segments = []
    for file in staging.files:
        key = f"{_FOLDER}/day={file.day}/{name}-{file.number}.parquet"
        digest = _copy(file.path, key, store)
        segments.append(
            UsageSegment(day=file.day, key=key, rows=file.rows, digest=digest, file_task=source)
        )
    UsageSegment.objects.bulk_create(segments)
    records = sum(file.rows for file in staging.files)
    KnownRecords.objects.create(key=known_key, records=records)
    return records


@contextmanager
def _locked(progress: Progress) -> Iterator[None]:
    """One import at a time, in one transaction; work that is not wanted waits no longer."""
    with transaction.atomic():
        while True:
            with connection.cursor() as cursor:
                cursor.execute(_LOCK)
                if cursor.fetchone()[0]:
                    break
            progress.check()
            time.sleep(_AGAIN_SECONDS)
        yield


class _Written:
    """Keys of files that are in the store but not yet in the ledger."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def keep(self, key: str) -> str:
        """Note the key of a file that was just written."""
        self.keys.append(key)
        return key


@contextmanager
def _written_whole() -> Iterator[_Written]:
    """Remove what was written where the block fails."""
    written = _Written()
    try:
        yield written
    except BaseException:
        for key in written.keys:
            with suppress(OSError):
                result_store().delete(key)
        raise


def _key(file: StagedFile, task: FileTask, attempt: int) -> str:
    """Every attempt writes under names of its own, so a lost one never touches another's."""
    return f"{_FOLDER}/day={file.day}/{task.uuid}-{attempt}-{file.number}.parquet"


def _discard_earlier(staging: Staging, task: FileTask, store: FileStore) -> None:
    """Remove what killed attempts at this task wrote and never committed."""
    own = set(UsageSegment.objects.filter(file_task=task.uuid).values_list("key", flat=True))
    for attempt in range(1, task.attempt):
        for key in {_key(file, task, attempt) for file in staging.files} - own:
            store.delete(key)


def _parts(
    staging: Staging,
    known: KnownFiles,
    merged: list[KnownRecords],
    dropped: Dropped,
    entered: Entered,
    progress: Progress,
) -> Iterator[pl.DataFrame]:
    """Judge the records part by part; gives the prints that the new file of them holds."""
    others = [row for row in known.rows if row not in merged]
    for number, new in staging.prints.parts():
        progress.check()
        old = known.part(number, merged)
        if new.is_empty():
            yield old
            continue
        verdict, added = judged(new, pl.concat([old, known.part(number, others)]))
        if len(verdict.dropped):
            dropped.add(verdict.dropped)
        entered.known += verdict.known
        entered.refused += verdict.refused
        entered.imported += len(added)
        yield pl.concat([old, added])


def _entered_file(
    file: StagedFile,
    dropped: Dropped,
    store: FileStore,
    task: FileTask,
    written: _Written,
    refuse: Callable[[pl.DataFrame], None],
    entered: Entered,
) -> list[UsageSegment]:
    """Write the new records of a staged file into the store; no segment where there are none."""
    out = dropped.of(file.number)
    rows = file.rows
    if out is not None:
        _tell_refused(file, out, refuse)
        rows -= len(out)
        if rows:
            _leave_out(file, out["row"])
    if not rows:
        return []
    key = _key(file, task, task.attempt)
    digest = _copy(file.path, written.keep(key), store)
    _count_clients(file.day, file.path, entered)
    return [UsageSegment(day=file.day, key=key, rows=rows, digest=digest, file_task=task.uuid)]


def _tell_refused(
    file: StagedFile, out: pl.DataFrame, refuse: Callable[[pl.DataFrame], None]
) -> None:
    told = out.filter(pl.col("reason").is_not_null())
    if told.is_empty():
        return
    ids = pq.read_table(file.path, columns=["record_id"])["record_id"]
    found = pl.Series(ids.take(told["row"].to_arrow()).combine_chunks())
    refuse(
        refusals(
            told["line"], column="record_id", values=found, reasons=told["reason"], record_ids=found
        )
    )


def _leave_out(file: StagedFile, rows: pl.Series) -> None:
    """Write the staged file anew without ``rows``."""
    target = file.path.with_suffix(".kept")
    first = 0
    with pq.ParquetFile(file.path) as source, open_lake_writer(target) as writer:
        for batch in batches_of(source, ROW_GROUP):
            places = pl.int_range(first, first + batch.num_rows, dtype=pl.Int32, eager=True)
            first += batch.num_rows
            kept = batch.filter((~places.is_in(rows.implode())).to_arrow())
            if kept.num_rows:
                writer.write_table(pa.Table.from_batches([kept]), row_group_size=ROW_GROUP)
    target.replace(file.path)


def _copy(path: Path, key: str, store: FileStore) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source, store.writing(key) as sink:
        while block := source.read(_BLOCK):
            digest.update(block)
            sink.write(block)
    return digest.hexdigest()


def _count_clients(day: date, file: Path | pa.NativeFile, entered: Entered) -> None:
    clients = pq.read_table(file, columns=["client_id"])["client_id"]
    for one in pc.value_counts(clients).to_pylist():
        of_month = (month_start(day), one["values"])
        entered.by_month[of_month] = entered.by_month.get(of_month, 0) + one["counts"]


def _count_earlier(segments: list[UsageSegment], entered: Entered) -> None:
    """What an attempt brought that died after its commit is this task's, and not known before."""
    store = result_store()
    for segment in segments:
        with store.open(segment.key) as file:
            _count_clients(segment.day, file, entered)
        entered.imported += segment.rows
        entered.known -= segment.rows


def _commit(
    task: FileTask,
    segments: list[UsageSegment],
    known_key: str,
    merged: list[KnownRecords],
    entered: Entered,
) -> None:
    """Make it so, if this attempt still holds the task, which nobody can take until the end."""
    earlier = list(UsageSegment.objects.filter(file_task=task.uuid))
    if segments:
        UsageSegment.objects.bulk_create(segments)
        records = entered.imported + sum(row.records for row in merged)
        KnownRecords.objects.create(key=known_key, records=records)
        KnownRecords.objects.filter(pk__in=[row.pk for row in merged]).delete()
    else:
        transaction.on_commit(partial(discard, known_key))
    _count_earlier(earlier, entered)
    if held_by(task).select_for_update().first() is None:
        raise TaskStopped
