"""Locks on files that end with the process that holds them, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def take_lock(path: Path) -> int | None:
    """An open file that holds the lock until it is closed, or None where another holds it."""
    opened = _open(path)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(opened)
        return None
    return opened


def note_holder(lock: int, text: str) -> None:
    """Write into the locked file who holds it, for the one who finds it locked."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, text.encode(), 0)


def read_holder(path: Path) -> str:
    """What the holder of the lock wrote; empty where nothing was."""
    with suppress(OSError):
        return path.read_text()
    return ""


def release_lock(lock: int) -> None:
    """Let the next one have it."""
    os.close(lock)


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Hold ``path`` together with others for the time of the block."""
    opened = _open(path)
    try:
        fcntl.flock(opened, fcntl.LOCK_SH)
        yield
    finally:
        os.close(opened)


def wait_until_unshared(path: Path) -> None:
    """Return when nobody holds ``path`` any more."""
    opened = _open(path)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
    finally:
        os.close(opened)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
