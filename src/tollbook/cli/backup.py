"""``tollbook backup`` and ``restore``: the whole book, ledger and files, as one archive."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
import psycopg

from tollbook import __version__
from tollbook.cli.archive import (
    DUMP,
    FUNCTIONS,
    STORAGE,
    ArchiveWriter,
    Manifest,
    check_archive,
    read_archive,
    written_archive,
)
from tollbook.cli.book import home_folder, opened_book
from tollbook.cli.connection import json_option
from tollbook.cli.dump import load_dump, write_dump
from tollbook.cli.migrating import list_applied, list_known, migrate_book
from tollbook.cli.output import OnProgress, human_bytes, print_json, shown_progress, talk
from tollbook.cli.tables import (
    FILLED_BY_MIGRATE,
    count_rows,
    list_foreign_tables,
    list_own_tables,
)
from tollbook.config.locks import note_holder, read_holder, release_lock, take_lock
from tollbook.kernel.errors import Conflict, InvalidInput
from tollbook.storage.folders import make_private

if TYPE_CHECKING:  # settings need the ledger's address
    from tollbook.storage.files import FileStore

_NAMED = 5


@click.command(short_help="Write the whole book into one file")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@json_option
def backup(file: Path, force: bool, as_json: bool) -> None:
    """Write the ledger and the stored files into FILE, a tar archive, while everything runs.

    Files in S3 are left to the store's own versioning.
    """
    if file.exists() and not force:
        raise Conflict(f"{file} exists already: name another file, or use --force")
    with opened_book(), shown_progress(talk()) as show:
        if not list_applied():
            raise Conflict("the book has no tables yet: there is nothing to back up")
        count = _write(file, show)
    size = file.stat().st_size
    if as_json:
        print_json({"file": file, "bytes": size, "files": count})
        return
    talk().print(f"{file}: the ledger and {count} files, {human_bytes(size)}", markup=False)


@click.command(short_help="Bring back what backup wrote")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the book that is there.")
@json_option
def restore(file: Path, force: bool, as_json: bool) -> None:
    """Bring the ledger and the files of FILE back into an empty book, and check them."""
    with shown_progress(talk()) as show:
        show("the archive is checked", 0, None)
        manifest = check_archive(file)
        with _stopped_home(), opened_book():
            _check_welcome(manifest, force=force)
            _bring_back(file, manifest, show)
    rows = sum(manifest.rows.values())
    files = sum(name.startswith(STORAGE) for name in manifest.files)
    if as_json:
        print_json({"file": file, "rows": manifest.rows, "files": files})
        return
    talk().print(f"{file} is restored: {rows:,} rows and {files} files, all checked", markup=False)


def _write(file: Path, show: OnProgress) -> int:
    from django.conf import settings  # noqa: PLC0415  Django must be ready

    store = _local_store()
    with written_archive(file) as archive:
        show("the ledger is dumped", 0, None)
        with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".dump-") as folder:
            dump, functions = Path(folder, DUMP), Path(folder, FUNCTIONS)
            tables = list_own_tables()
            rows = write_dump(settings.DATABASE_URL, dump, functions, tables=tables)
            archive.add(FUNCTIONS, functions)
            archive.add(DUMP, dump)
        count = 0 if store is None else _add_files(archive, Path(store.root), show)
        archive.close(
            {
                "tollbook": __version__,
                "created_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
                "migrations": list_applied(),
                "rows": rows,
                "storage_included": store is not None,
            }
        )
    return count


def _add_files(archive: ArchiveWriter, root: Path, show: OnProgress) -> int:
    """Add all files but halves, and those that can be made again any time."""
    from tollbook.reports.ready_months.sources import FOLDER  # noqa: PLC0415  Django must be ready

    found = sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".part" and path.relative_to(root).parts[0] != FOLDER
    )
    count = 0
    for done, path in enumerate(found, start=1):
        try:
            archive.add(f"{STORAGE}{path.relative_to(root).as_posix()}", path)
            count += 1
        except FileNotFoundError:  # a result that expired meanwhile
            continue
        show("files are added", done, len(found))
    return count


def _check_welcome(manifest: Manifest, *, force: bool) -> None:
    """Refuse what this version does not know, and a database that holds something."""
    from django.conf import settings  # noqa: PLC0415  Django must be ready

    known = list_known()
    if unknown := set(manifest.migrations) - set(known):
        raise InvalidInput(
            f"the backup is of Tollbook {manifest.tollbook}, which is newer: "
            f"this one does not know {min(unknown)}"
        )
    if others := {_app(name) for name in list_applied()} - {_app(name) for name in known}:
        raise Conflict(
            f"the database belongs to another program or a newer Tollbook (it has migrations of "
            f"{', '.join(sorted(others))}): restore into another one"
        )
    if force:
        return
    tables = list_own_tables()
    with psycopg.connect(settings.DATABASE_URL) as connection:
        foreign = list_foreign_tables(connection, tables)
        rows = count_rows(connection, tables)
    if any(count for table, count in rows.items() if table not in FILLED_BY_MIGRATE):
        raise Conflict("the book is not empty: restore into another home or database, or --force")
    if foreign:
        raise Conflict(
            f"the database holds tables of others ({_some(foreign)}): restore into one of its own, "
            "or --force, which leaves them as they are"
        )


def _bring_back(file: Path, manifest: Manifest, show: OnProgress) -> None:
    """Files first, into a folder or a bucket: the ledger never names one that is not there."""
    if manifest.storage_included:
        _restore_files(file, manifest, _store(), show)
    show("the ledger is restored", 0, None)
    _restore_ledger(file, manifest)


def _restore_files(file: Path, manifest: Manifest, store: "FileStore", show: OnProgress) -> None:
    total = sum(name.startswith(STORAGE) for name in manifest.files)
    found = (each for each in read_archive(file) if each[0].startswith(STORAGE))
    for done, (name, content) in enumerate(found, start=1):
        with store.writing(name.removeprefix(STORAGE)) as target:
            shutil.copyfileobj(content, target)
        show("files are restored", done, total)


def _restore_ledger(file: Path, manifest: Manifest) -> None:
    from django.conf import settings  # noqa: PLC0415  Django must be ready
    from django.db import connections  # noqa: PLC0415  the same

    url, tables, functions = settings.DATABASE_URL, list_own_tables(), b""
    connections.close_all()
    for name, content in read_archive(file):
        if name == FUNCTIONS:
            functions = content.read()
        elif name == DUMP:
            with tempfile.NamedTemporaryFile(dir=settings.TOLLBOOK_HOME) as dump:
                shutil.copyfileobj(content, dump)
                dump.flush()
                load_dump(url, Path(dump.name), functions, tables=tables)
    with psycopg.connect(url) as connection:
        found = count_rows(connection, list(manifest.rows))
    for table, expected in manifest.rows.items():
        if found.get(table) != expected:
            raise InvalidInput(f"{table} has {found.get(table)} rows instead of {expected}")
    migrate_book()


def _app(migration: str) -> str:
    return migration.partition(".")[0]


def _some(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])


def _local_store() -> "FileStore | None":
    """The store where it is a folder."""
    from django.conf import settings  # noqa: PLC0415  Django must be ready

    return _store() if urlsplit(settings.STORAGE_URL).scheme in {"", "file"} else None


def _store() -> "FileStore":
    from django.conf import settings  # noqa: PLC0415  Django must be ready

    from tollbook.storage.files import open_file_store  # noqa: PLC0415  the same

    return open_file_store(settings.STORAGE_URL, home=settings.TOLLBOOK_HOME)


@contextmanager
def _stopped_home() -> Iterator[None]:
    """Keep `tollbook up` from starting on the home, and refuse while it runs."""
    home = home_folder()
    make_private(home)
    lock = take_lock(home / "lock")
    if lock is None:
        raise Conflict(f"Tollbook runs on {home}: {read_holder(home / 'lock')}; stop it first")
    note_holder(lock, f"process {os.getpid()} restores a backup")
    try:
        yield
    finally:
        release_lock(lock)
