"""A result in the form of a download: made once by a thread of its own, read while it grows.

So a slow client holds up nobody and nothing is made twice; what is made is kept beside the result
as long as somebody waits for it and the store has room.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkstemp
from typing import Final

import structlog
from django.conf import settings

from tollbook.api.slots import RENDERINGS
from tollbook.filetasks.results import result_store
from tollbook.storage.files import StorageUnavailable
from tollbook.storage.folders import make_private

_PIECE: Final = 1 << 18
_LOOK_SECONDS: Final = 1.0
_log = structlog.get_logger(__name__)
_lock = threading.Lock()
_growing: "dict[str, GrowingCopy]" = {}

Make = Callable[[], Iterator[bytes]]


class CopyBroken(Exception):
    """What was being made could not be finished."""


class _NoRoom(Exception):
    """The file that grows cannot be written."""


class GrowingCopy:
    """A file of this machine that one thread writes and any number of readers follow."""

    def __init__(self, key: str, make: Make, give_back: Callable[[], None]) -> None:
        self._key = key
        self._make = make
        self._give_back = give_back
        handle, name = mkstemp(suffix=".part", dir=spool_folder())
        self._path = Path(name)
        self._handle = handle
        self._changed = threading.Condition(_lock)
        self._size = 0
        self._done = False
        self._error: Exception | None = None
        self.readers = 0

    def start(self) -> None:
        """Begin to make it."""
        threading.Thread(target=self._run, name=f"copy {self._key}", daemon=True).start()

    def wait_for_first(self) -> None:
        """Return once there is something to send; ``CopyBroken`` where there never will be."""
        with suppress(_NoRoom):
            self._wait_beyond(0)

    def wait_for_all(self, seconds: float) -> bool:
        """Whether it was finished in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._done, seconds) and not self._error

    def pieces(self) -> Iterator[bytes]:
        """All of it, as it comes; ``leave`` must be called afterwards.

        Where this machine has no room for the whole, each reader makes the rest for itself: the
        same question gives the same bytes.
        """
        place = 0
        try:
            while end := self._wait_beyond(place):
                while place < end:
                    piece = os.pread(self._handle, min(_PIECE, end - place), place)
                    place += len(piece)
                    yield piece
        except _NoRoom:
            yield from _beyond(self._make(), place)

    def leave(self) -> None:
        """One reader less; what nobody waits for is not finished."""
        with self._changed:
            self.readers -= 1
            if self.readers == 0:
                if not self._done:
                    _growing.pop(self._key, None)
                else:
                    os.close(self._handle)

    def _wait_beyond(self, place: int) -> int:
        """The size once it is beyond ``place``; 0 at the end."""
        with self._changed:
            while self._size <= place and not self._done:
                self._changed.wait(_LOOK_SECONDS)
            if self._size > place:
                return self._size
            if isinstance(self._error, _NoRoom):
                raise _NoRoom
            if self._error is not None:
                raise CopyBroken(str(self._error)) from self._error
            return 0

    def _run(self) -> None:
        error: Exception | None = None
        try:
            self._write()
            self._keep()
        except Exception as failure:  # noqa: BLE001  raised to all who read it
            error = failure
            _log.warning("copy_broken", key=self._key, reason=repr(failure))
        finally:
            self._end(error)

    def _write(self) -> None:
        pieces = self._make()
        try:
            for piece in pieces:
                self._append(piece)
                if not self.readers:
                    return
        finally:
            pieces.close()  # type: ignore[attr-defined]  # generators can be closed

    def _append(self, piece: bytes) -> None:
        left = memoryview(piece)
        try:
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError as error:
            raise _NoRoom(str(error)) from error
        with self._changed:
            self._size += len(piece)
            self._changed.notify_all()

    def _keep(self) -> None:
        if self.readers and settings.COPY_RETENTION_HOURS:
            try:
                result_store().adopt(self._path, self._key)
            except (OSError, StorageUnavailable) as error:
                _log.warning("copy_not_kept", key=self._key, reason=str(error))

    def _end(self, error: Exception | None) -> None:
        self._give_back()
        with suppress(FileNotFoundError):
            self._path.unlink()
        with self._changed:
            self._done, self._error = True, error
            if _growing.get(self._key) is self:
                del _growing[self._key]
            if self.readers == 0:
                os.close(self._handle)
            self._changed.notify_all()


def join_copy(key: str, make: Make) -> GrowingCopy | None:
    """The copy under ``key`` as it is being made, begun now if nobody did; none without room."""
    with _lock:
        copy = _growing.get(key)
        if copy is None:
            give_back = RENDERINGS.take()
            if give_back is None:
                return None
            try:
                copy = _growing[key] = GrowingCopy(key, make, give_back)
            except BaseException:
                give_back()
                raise
            copy.readers += 1
            copy.start()
        else:
            copy.readers += 1
        return copy


def _beyond(pieces: Iterator[bytes], place: int) -> Iterator[bytes]:
    """What comes after the first ``place`` bytes."""
    for piece in pieces:
        if place < len(piece):
            yield piece[place:]
        place = max(0, place - len(piece))


def clear_spool(older_than: datetime) -> None:
    """Remove what processes that were killed left behind."""
    for file in spool_folder().iterdir():
        if datetime.fromtimestamp(file.stat().st_mtime, UTC) < older_than:
            file.unlink(missing_ok=True)


def spool_folder() -> Path:
    """Where copies grow: a folder of this machine, which a killed process may leave files in."""
    return make_private(settings.TOLLBOOK_HOME / "spool")
