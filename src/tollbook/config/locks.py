"""Locks on files that end with the process that holds them, however it ends."""

import fcntl
import os
import tempfile
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


class ForkLock:
    """A lock among a process and its forks, for one thread in each.

    Theirs is one open file, which ``flock`` takes for one holder; record locks tell them apart.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the lock is there

    def acquire(self) -> None:
        """Wait until nobody else holds it."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give it to whoever waits."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


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
