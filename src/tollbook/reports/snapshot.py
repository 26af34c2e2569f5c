"""One unchanging view of the ledger, read as Arrow: Django's queries, ADBC's stream.

Every blocking step runs in a thread beside, so that work which is not wanted any more stops within
a moment, even while PostgreSQL still computes the first row.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from django.db import DataError, OperationalError, connection
from django.db.models import QuerySet
from psycopg.conninfo import make_conninfo

_BEGIN: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL TIME ZONE 'UTC'",
)
_BATCH_BYTES: Final = {"adbc.postgresql.batch_size_hint_bytes": str(1 << 22)}
"""A quarter of what the driver does by itself: as fast, and less waits in memory."""
_KEEPALIVE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""A server that vanished without a word is noticed within half a minute."""
_LOOK_UP: Final = 0.05
"""Seconds between two looks at whether the work is still wanted."""

Result = TypeVar("Result")


class Snapshot:
    """Answers queries, one after another, from one transaction; see :func:`open_snapshot`."""

    def __init__(self, cursor: adbc.Cursor, check: Callable[[], None]) -> None:
        self._cursor = cursor
        self._check = check
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="snapshot")
        self._steps: list[Future[Any]] = []

    def table(self, query: QuerySet[Any, Any]) -> pa.Table:
        """All rows of a small answer."""
        sql = literal_sql(query)
        return self._result_of(self._begin(lambda: self._open(sql).read_all()))

    def batches(self, query: QuerySet[Any, Any]) -> Iterator[pa.RecordBatch]:
        """The rows as they come, one batch read ahead; numeric is text of an opaque type."""
        sql = literal_sql(query)
        reader = self._result_of(self._begin(lambda: self._open(sql)))
        ahead = self._begin(lambda: next(reader, None))
        while (batch := self._result_of(ahead)) is not None:
            ahead = self._begin(lambda: next(reader, None))
            yield batch

    def close(self) -> None:
        """Break off what is still being read."""
        while wait(self._steps, timeout=_LOOK_UP).not_done:
            self._cursor.adbc_cancel()
        self._thread.shutdown()

    def _open(self, sql: str) -> pa.RecordBatchReader:
        self._cursor.execute(sql)
        return self._cursor.fetch_record_batch()

    def _begin(self, step: Callable[[], Result]) -> "Future[Result]":
        future = self._thread.submit(step)
        self._steps = [future]
        return future

    def _result_of(self, step: "Future[Result]") -> Result:
        while wait((step,), timeout=_LOOK_UP).not_done:
            self._check()
        try:
            return step.result()
        except OSError as error:  # how the stream tells what PostgreSQL said
            raise _database_error(str(error)) from error


@contextmanager
def open_snapshot(*, check: Callable[[], None]) -> Iterator[Snapshot]:
    """Begin a read-only transaction; ``check`` raises when the reading is not wanted any more."""
    with (
        adbc.connect(_conninfo(), autocommit=True) as link,
        link.cursor(adbc_stmt_kwargs=_BATCH_BYTES) as cursor,
    ):
        for statement in _BEGIN:
            cursor.execute(statement)
        snapshot = Snapshot(cursor, check)
        try:
            yield snapshot
        finally:
            snapshot.close()


def literal_sql(query: QuerySet[Any, Any]) -> str:
    """The SQL of ``query`` with its values quoted in place by psycopg: COPY takes no parameters."""
    sql, values = query.query.sql_with_params()
    connection.ensure_connection()
    return psycopg.ClientCursor(connection.connection).mogrify(sql, values)


def _conninfo() -> str:
    """Where Django's own connection leads, in the words of libpq."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    given = connection.get_connection_params()
    return make_conninfo(**_KEEPALIVE | {name: given[name] for name in known & given.keys()})


def _database_error(told: str) -> Exception:
    if "ERROR:" in told:
        return DataError(told)
    return OperationalError(told)
