"""Rendered copies of results, made once beside the result when parts of them are asked for.

They lie in the result's own folder, so they go when it goes.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from django.db import connection

from tollbook.api.slots import COPIES
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.storage.files import FileStore

_LOCKS: Final = 0x746F6C6C
"""The first half of the keys of our advisory locks."""


def rendered_key(task: FileTask, name: str) -> str:
    """The key of the copy called ``name``, such as ``raw.csv``."""
    return f"{task.result_key.rpartition('/')[0]}/{task.result_digest[:16]}-{name}"


def ensure_rendered(key: str, pieces: Iterator[bytes]) -> bool:
    """Write the copy if it is not there; of several who want it at once one writes.

    The others are told ``False`` rather than made to wait, so that they hold up nobody; so is
    everybody while this process makes another copy.
    """
    store = result_store()
    with closing(pieces):  # type: ignore[type-var]  # generators can be closed
        if store.exists(key):
            return True
        if (give_back := COPIES.take()) is None:
            return False
        try:
            with _alone(key) as first:
                if first and not store.exists(key):
                    _write(store, key, pieces)
                return first
        finally:
            give_back()


def _write(store: FileStore, key: str, pieces: Iterator[bytes]) -> None:
    with store.writing(key) as file:
        for piece in pieces:
            file.write(piece)


@contextmanager
def _alone(key: str) -> Iterator[bool]:
    """Hold the lock of ``key`` among all web processes, if nobody else holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_LOCKS, key))
        (held,) = cursor.fetchone()
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (_LOCKS, key))
