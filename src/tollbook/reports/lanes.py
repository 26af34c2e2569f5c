"""Several connections on one exported snapshot: queries read ahead at once, told in their order."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from typing import Final

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

BATCH_BYTES: Final = {"adbc.postgresql.batch_size_hint_bytes": str(1 << 22)}
"""For every cursor: a quarter of what the driver does by itself, as fast, and less waits in
memory."""
_WAITING: Final = 3
"""Batches that a lane may have ready; each is some megabytes."""
_LOOK_UP: Final = 0.05
"""Seconds between two looks at whether the work is still wanted."""

Prepare = Callable[[pa.RecordBatch], pa.RecordBatch]
Opening = Callable[[], adbc.Connection]


class Lane:
    """Reads some queries, one after another, in a thread of its own."""

    def __init__(self, opening: Opening, queries: Sequence[str], prepare: Prepare) -> None:
        self._opening = opening
        self._queries = queries
        self._prepare = prepare
        self._ready: Queue[pa.RecordBatch | Exception | None] = Queue(_WAITING)
        self._stopped = threading.Event()
        self._cursor: adbc.Cursor | None = None
        self._thread = threading.Thread(target=self._read, name="snapshot-lane", daemon=True)
        self._thread.start()

    def batches(self, check: Callable[[], None]) -> Iterator[pa.RecordBatch]:
        """The rows of the next query; ``check`` raises where they are not wanted any more."""
        while (found := self._next(check)) is not None:
            yield found

    def stop(self) -> None:
        """Break off what is being read."""
        self._stopped.set()
        while self._thread.is_alive():
            if self._cursor is not None:
                with suppress(Exception):  # the query may have ended meanwhile, which is as good
                    self._cursor.adbc_cancel()
            self._thread.join(_LOOK_UP)

    def _next(self, check: Callable[[], None]) -> pa.RecordBatch | None:
        while True:
            try:
                found = self._ready.get(timeout=_LOOK_UP)
            except Empty:
                check()
                continue
            if isinstance(found, Exception):
                raise found
            return found

    def _read(self) -> None:
        try:
            with self._opening() as link, link.cursor(adbc_stmt_kwargs=BATCH_BYTES) as cursor:
                self._cursor = cursor
                for query in self._queries:
                    cursor.execute(query)
                    for batch in cursor.fetch_record_batch():
                        self._offer(self._prepare(batch))
                    self._offer(None)
        except _Stopped:
            return
        except Exception as error:  # noqa: BLE001  raised where the rows are read
            with suppress(_Stopped):
                self._offer(error)
        finally:
            self._cursor = None

    def _offer(self, found: pa.RecordBatch | Exception | None) -> None:
        while not self._stopped.is_set():
            with suppress(Full):
                self._ready.put(found, timeout=_LOOK_UP)
                return
        raise _Stopped


class _Stopped(Exception):
    """Nobody reads this lane any more."""


@contextmanager
def running_lanes(
    opening: Opening, queries: Sequence[str], prepare: Prepare, *, at_once: int
) -> Iterator[list[Lane]]:
    """A lane for every ``at_once``-th query; query ``n`` is the next of lane ``n % at_once``."""
    lanes = [Lane(opening, queries[first::at_once], prepare) for first in range(at_once)]
    try:
        yield lanes
    finally:
        for lane in lanes:
            lane.stop()
