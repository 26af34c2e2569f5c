"""What ``tollbook doctor`` looks at in the book; import it when Django is ready."""

import secrets
import shutil
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q

from tollbook.cli.findings import Finding, Health, find
from tollbook.cli.migrating import list_unapplied
from tollbook.config.celery import app
from tollbook.engine.opening import open_engine
from tollbook.expenses.models import MonthState
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.selectors import database_now
from tollbook.storage.address import read_storage_url
from tollbook.storage.files import open_file_store
from tollbook.usage.models import KnownRecords, UsageSegment

_OLDEST_POSTGRES: Final = 150_000
_LONG_WAIT: Final = timedelta(minutes=2)
_BROKER_SECONDS: Final = 5
_LITTLE_ROOM: Final = 1_000_000_000
_EXACT_PRODUCT: Final = """
SELECT CAST(1.000000000001 AS DECIMAL(19, 12)) * CAST(1.000000000001 AS DECIMAL(18, 12)) AS product
"""
_COUNT: Final = "SELECT count(*) AS rows FROM lake"
_PRODUCT: Final = Decimal("1.000000000002000000000001")
_INSTALL: Final = "install the locked dependencies anew"
_MIGRATE: Final = "run `tollbook migrate`"


def check_book() -> Iterator[Finding]:
    """Everything behind the four addresses, and the work that waits where the ledger answers."""
    database = find("database", _database, mend="start it, or correct DATABASE_URL")
    yield database
    in_ledger = urlsplit(settings.BROKER_URL).scheme == "pgmq"
    if database.health is Health.OK:
        yield find("tables", _tables, mend=_MIGRATE)
        yield find("work", _work, mend=_MIGRATE)
    if database.health is Health.OK or not in_ledger:
        mend = _MIGRATE if in_ledger else "start the broker, or correct BROKER_URL"
        yield find("queue", _queue, mend=mend)
    storage = find("storage", _storage, mend="make it writable, or correct STORAGE_URL")
    yield storage
    if Health.BROKEN not in (database.health, storage.health):
        yield find("files", _files, mend=_MIGRATE)
    mend = "start Spark, or correct ENGINE_URL" if settings.ENGINE_URL else _INSTALL
    engine = find("engine", _engine, mend=mend)
    yield engine
    if Health.BROKEN not in (storage.health, engine.health):
        yield find("lake", _lake, mend="let the engine read the store")


def room_of(folder: Path) -> str:
    """How much a folder's disk can still take, in words; empty where there is plenty."""
    free = shutil.disk_usage(folder).free
    return "" if free > _LITTLE_ROOM else f"only {free // 1_000_000} MB are free"


def _database() -> Finding:
    connection.ensure_connection()
    version = connection.connection.info.server_version
    place = _without_password(settings.DATABASE_URL)
    detail = f"PostgreSQL {version // 10_000}.{version % 10_000} at {place}"
    if version < _OLDEST_POSTGRES:
        return Finding("database", Health.BROKEN, detail, "PostgreSQL 15 or later is needed")
    return Finding("database", Health.OK, detail)


def _tables() -> Finding:
    waiting = list_unapplied()
    if waiting:
        detail = f"{len(waiting)} migrations wait, first {waiting[0]}"
        return Finding("tables", Health.BROKEN, detail, _MIGRATE)
    return Finding("tables", Health.OK, "up to date")


def _queue() -> Finding:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=_BROKER_SECONDS)
    return Finding("queue", Health.OK, _without_password(settings.BROKER_URL))


def _storage() -> Finding:
    store = open_file_store(settings.STORAGE_URL, home=settings.TOLLBOOK_HOME)
    key, content = f"doctor/{secrets.token_hex(8)}", b"written by tollbook doctor"
    try:
        with store.writing(key) as target:
            target.write(content)
        with store.open(key) as source:
            came_back = source.read()
    finally:
        store.delete_folder("doctor")
    url = settings.STORAGE_URL
    place = str(read_storage_url(url)) if url else store.root
    if came_back != content:
        return Finding(
            "storage", Health.BROKEN, f"{place} gives back other bytes", "mend the store"
        )
    little = room_of(Path(store.root)) if Path(store.root).is_dir() else ""
    if little:
        return Finding("storage", Health.WARNING, f"{place}: {little}", "make room")
    return Finding("storage", Health.OK, f"{place} takes and gives files")


def _files() -> Finding:
    """Whether every file is there that the ledger cannot do without: a restore may lose some."""
    store = open_file_store(settings.STORAGE_URL, home=settings.TOLLBOOK_HOME)
    sealed = MonthState.objects.exclude(segment_key=None).values_list("segment_key", flat=True)
    named = {
        *UsageSegment.objects.values_list("key", flat=True),
        *KnownRecords.objects.values_list("key", flat=True),
        *(key for key in sealed if key),
    }
    folders = {key.partition("/")[0] for key in named}
    missing = sorted(named.difference(*(store.keys(folder) for folder in folders)))
    if missing:
        detail = f"{len(missing)} of {len(named)} are missing, first {missing[0]}"
        return Finding("files", Health.BROKEN, detail, "bring them back into the store")
    return Finding("files", Health.OK, f"all {len(named)} that the ledger names are there")


def _engine() -> Finding:
    engine = open_engine(settings.ENGINE_URL)
    place = _without_password(settings.ENGINE_URL)
    detail = f"{engine.version} at {place}" if place else engine.version
    with engine.running_query(_EXACT_PRODUCT, sources={}) as reader:
        found = reader.read_all()["product"].to_pylist()
    if found != [_PRODUCT]:
        return Finding(
            "engine", Health.BROKEN, f"{detail} loses digits: {found}", "use another engine"
        )
    return Finding("engine", Health.OK, f"{detail} multiplies exactly")


def _lake() -> Finding:
    """Whether the engine reads what lies in the store, wherever it runs: a file of one row."""
    engine = open_engine(settings.ENGINE_URL)
    store = open_file_store(settings.STORAGE_URL, home=settings.TOLLBOOK_HOME)
    row = pa.table({"amount": pa.array([_PRODUCT])})
    key = f"doctor/{secrets.token_hex(8)}.parquet"
    try:
        with store.writing(key) as target:
            pq.write_table(row, target)
        lake = pads.FileSystemDataset.from_paths(
            [store.path(key)],
            schema=row.schema,
            format=pads.ParquetFileFormat(),
            filesystem=store.filesystem,
        )
        with engine.running_query(_COUNT, sources={"lake": lake}) as reader:
            found = reader.read_all()["rows"].to_pylist()
    finally:
        store.delete_folder("doctor")
    if found != [1]:
        return Finding("lake", Health.BROKEN, f"{found} rows instead of one", "use another engine")
    return Finding("lake", Health.OK, "the engine reads files of the store")


def _work() -> Finding:
    now = database_now()
    pending, running = Q(status=TaskStatus.PENDING), Q(status=TaskStatus.IN_PROGRESS)
    found = FileTask.objects.aggregate(
        pending=Count("pk", filter=pending),
        oldest=Min("created_at", filter=pending),
        running=Count("pk", filter=running),
        abandoned=Count("pk", filter=running & Q(lease_expires_at__lt=now - _LONG_WAIT)),
    )
    detail = f"{found['pending']} tasks wait, {found['running']} run"
    waited = now - found["oldest"] if found["oldest"] else timedelta()
    if found["abandoned"]:
        detail = f"{detail}, {found['abandoned']} of them without a worker"
        return Finding("work", Health.BROKEN, detail, "start `tollbook worker` and `tollbook beat`")
    if waited > _LONG_WAIT and not found["running"]:
        detail = f"{detail}, the first for {int(waited.total_seconds())} s"
        return Finding("work", Health.BROKEN, detail, "start `tollbook worker` and `tollbook beat`")
    return Finding("work", Health.OK, detail)


def _without_password(address: str) -> str:
    """Scheme, host and path, and no more than the scheme where a password may be cut short."""
    parts = urlsplit(address)
    if not parts.scheme:
        return address
    host = parts.netloc.rpartition("@")[2]
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        return f"{parts.scheme}://…"
    return f"{parts.scheme}://{host}{parts.path}"
