"""One unchanging view of the ledger, read as Arrow: Django's queries, ADBC's streams.

Every blocking step runs in a thread beside, so that work which is not wanted any more stops within
a moment, even while PostgreSQL still computes the first row.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pyarrow as pa
from django.db import DataError, OperationalError, connection
from django.db.models import QuerySet
from psycopg.conninfo import make_conninfo

from tollbook.reports.lanes import BATCH_BYTES, Prepare, running_lanes

_BEGIN: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL TIME ZONE 'UTC'",
)
_KEEPALIVE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""A server that vanished without a word is noticed within half a minute."""
_TOLD: Final = (OSError, adbc.Error)
"""How the driver tells what PostgreSQL said: streams by the first, all else by the second."""
_MOST_LANES: Final = min(4, os.cpu_count() or 1)
_WORTH_LANES: Final = 2
_LOOK_UP: Final = 0.05
"""Seconds between two looks at whether the work is still wanted."""

Result = TypeVar("Result")
Query = QuerySet[Any, Any] | str
"""What a snapshot answers: a query of Django's, or SQL with every value in its place."""


class Snapshot:
    """Answers queries, one after another, from one transaction; see :func:`open_snapshot`."""

    def __init__(self, cursor: adbc.Cursor, check: Callable[[], None]) -> None:
        self._cursor = cursor
        self._check = check
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="snapshot")
        self._steps: list[Future[Any]] = []

    def check(self) -> None:
        """Raise where the reading is not wanted any more."""
        self._check()

    def table(self, query: Query) -> pa.Table:
        """All rows of a small answer."""
        sql = literal_sql(query)
        return self._result_of(self._begin(lambda: self._open(sql).read_all()))

    def batches(self, query: Query) -> Iterator[pa.RecordBatch]:
        """The rows as they come, one batch read ahead; numeric is text of an opaque type."""
        sql = literal_sql(query)
        reader = self._result_of(self._begin(lambda: self._open(sql)))
        ahead = self._begin(lambda: next(reader, None))
        while (batch := self._result_of(ahead)) is not None:
            ahead = self._begin(lambda: next(reader, None))
            yield batch

    def batches_of(self, queries: Sequence[Query], prepare: Prepare) -> Iterator[pa.RecordBatch]:
        """The rows of the queries, each after the other, though several are read at once.

        Every batch comes ``prepare``d, by the thread that reads it.
        """
        if len(queries) < _WORTH_LANES:
            for query in queries:
                yield from map(prepare, self.batches(query))
            return
        at_once = min(_MOST_LANES, len(queries))
        opening = partial(_open_lane, self._exported())
        sqls = [literal_sql(query) for query in queries]
        with running_lanes(opening, sqls, prepare, at_once=at_once) as lanes:
            try:
                for number in range(len(queries)):
                    yield from lanes[number % at_once].batches(self._check)
            except _TOLD as error:
                raise _database_error(str(error)) from error

    def _exported(self) -> str:
        """The name under which other connections can have the same view."""
        name = self._begin(lambda: self._open("SELECT pg_export_snapshot() AS name").read_all())
        return str(self._result_of(name)["name"][0].as_py())

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
        except _TOLD as error:
            raise _database_error(str(error)) from error


@contextmanager
def open_snapshot(*, check: Callable[[], None]) -> Iterator[Snapshot]:
    """Begin a read-only transaction; ``check`` raises when the reading is not wanted any more."""
    with (
        adbc.connect(_conninfo(), autocommit=True) as link,
        link.cursor(adbc_stmt_kwargs=BATCH_BYTES) as cursor,
    ):
        for statement in _BEGIN:
            cursor.execute(statement)
        snapshot = Snapshot(cursor, check)
        try:
            yield snapshot
        finally:
            snapshot.close()


def _open_lane(exported: str) -> adbc.Connection:
    """One more connection, with the view that was exported."""
    link = adbc.connect(_conninfo(), autocommit=True)
    with link.cursor() as cursor:
        for statement in (_BEGIN[0], f"SET TRANSACTION SNAPSHOT '{exported}'", *_BEGIN[1:]):
            cursor.execute(statement)
    return link


def literal_sql(query: Query) -> str:
    """The SQL of ``query`` with its values quoted in place by psycopg: COPY takes no parameters.

    Text is taken as it is.
    """
    if isinstance(query, str):
        return query
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
