"""The peak of memory of every process of a tree, watched from a thread."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import psutil

from bench import memory

_LOOK_SECONDS: Final = 0.5
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "postgres": ("postgres",),
    "web": ("gunicorn", " web"),
    "worker": ("celery", " worker"),
    "beat": (" beat",),
}
"""What a command line holds that belongs to the role; the first that fits."""


class WatchedTree:
    """Peaks by process number and role, as far as they were seen."""

    def __init__(self, top: int) -> None:
        self._top = psutil.Process(top)
        self._seen: dict[int, tuple[str, int]] = {}

    def look(self) -> None:
        """Take in what there is now."""
        try:
            family = [self._top, *self._top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in family:
            self._note(process)

    def by_role(self) -> dict[str, list[int]]:
        """The peaks of the processes of each role, largest first, in bytes."""
        found: dict[str, list[int]] = {}
        for role, most in sorted(self._seen.values(), key=lambda one: -one[1]):
            found.setdefault(role, []).append(most)
        return found

    def _note(self, process: psutil.Process) -> None:
        try:
            role = self._role(process)
            now = max(memory.peak_of(process.pid), process.memory_info().rss)
        except psutil.Error:
            return
        before = self._seen.get(process.pid, (role, 0))[1]
        self._seen[process.pid] = (role, max(before, now))

    def _role(self, process: psutil.Process) -> str:
        if process.pid == self._top.pid:
            return "tollbook up"
        told = " ".join(process.cmdline())
        for role, marks in _ROLES.items():
            if any(mark in told for mark in marks):
                return role
        return process.name()


@contextmanager
def watching(top: int) -> Iterator[WatchedTree]:
    """Look at the tree under process ``top`` twice a second during the block."""
    tree = WatchedTree(top)
    done = threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_SECONDS):
            tree.look()

    thread = threading.Thread(target=look, name="memory")
    thread.start()
    try:
        yield tree
    finally:
        done.set()
        thread.join()
