"""DuckDB as the engine: in this process, in flat memory, the rest on disk."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from tollbook.engine.engine import Source, Step
from tollbook.engine.sources import NumberedFile, local_parquet_files

DuckSource: TypeAlias = Source | NumberedFile | pa.RecordBatchReader
"""Of batches as they come DuckDB reads each once."""

_BATCH_ROWS: Final = 65_536
_LOOK_UP: Final = 0.1
"""Seconds between two looks at whether the work is still wanted."""


@dataclass(frozen=True)
class DuckEngine:
    """Takes ``memory_limit`` at most for its work, and spills to a folder of its own beyond it.

    The folder is made in ``spill_folder``, or where temporary files go. ``check`` is called beside
    a query; what it raises breaks the query off and comes out of it.
    """

    memory_limit: str = "256MB"
    threads: int = min(4, os.cpu_count() or 1)
    spill_folder: Path | None = None
    check: Callable[[], None] | None = None

    @property
    def version(self) -> str:
        """Its name and version, for people."""
        return f"DuckDB {duckdb.__version__}"

    @contextmanager
    def running_query(
        self, sql: str, *, sources: Mapping[str, DuckSource], steps: Sequence[Step] = ()
    ) -> Iterator[pa.RecordBatchReader]:
        """Run ``sql`` over ``sources`` and ``steps`` by name; a reader while the context holds.

        ``OverflowError`` where, before the first batch, a number has more digits than its type.
        """
        with (
            TemporaryDirectory(prefix="tollbook-engine-", dir=self.spill_folder) as spilled,
            duckdb.connect(":memory:") as connection,
            _watched(connection, self.check),
        ):
            self._set_up(connection, spilled)
            for name, source in sources.items():
                _add_source(connection, name, source)
            yield _opened(connection, _after(steps, sql))

    def _set_up(self, connection: duckdb.DuckDBPyConnection, spilled: str) -> None:
        for name, value in (
            ("memory_limit", self.memory_limit),
            ("threads", self.threads),
            ("temp_directory", spilled),
            ("TimeZone", "UTC"),
            ("preserve_insertion_order", False),
        ):
            connection.execute(f"SET {name} = {_literal(str(value))}")


def _opened(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.RecordBatchReader:
    try:
        return connection.sql(sql).to_arrow_reader(_BATCH_ROWS)
    except duckdb.OutOfRangeException as error:
        raise OverflowError(str(error)) from error


@contextmanager
def _watched(
    connection: duckdb.DuckDBPyConnection, check: Callable[[], None] | None
) -> Iterator[None]:
    """Break off what ``connection`` does once ``check`` raises; its error comes out here."""
    if check is None:
        yield
        return
    ended = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="engine-watch") as thread:
        watch = thread.submit(_watch, connection, check, ended)
        try:
            yield
        finally:
            ended.set()
            watch.result()


def _watch(connection: duckdb.DuckDBPyConnection, check: Callable[[], None], ended: Event) -> None:
    try:
        while not ended.wait(_LOOK_UP):
            check()
    except BaseException:
        connection.interrupt()
        while not ended.wait(_LOOK_UP):
            connection.interrupt()
        raise


def _add_source(connection: duckdb.DuckDBPyConnection, name: str, source: DuckSource) -> None:
    """Parquet files on this machine are read by DuckDB itself, all else through Arrow."""
    if isinstance(source, NumberedFile):
        read = f"read_parquet({_literal(source.path)}, file_row_number=true)"
        connection.execute(f"CREATE VIEW {name} AS FROM {read}")
        return
    if isinstance(source, pa.RecordBatchReader):
        connection.register(name, source)
        return
    files = local_parquet_files(source)
    if files:
        listed = ", ".join(_literal(file) for file in files)
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet([{listed}])")
    else:
        connection.register(name, source)


def _after(steps: Sequence[Step], sql: str) -> str:
    if not steps:
        return sql
    made = (
        f"{step.name} AS {'' if step.is_shared else 'NOT '}MATERIALIZED (\n{step.sql})"
        for step in steps
    )
    return "WITH " + ",\n".join(made) + "\n" + sql


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
