"""DuckDB as the engine: in this process, in flat memory, the rest on disk."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import pyarrow as pa

from tollbook.engine.engine import Source, Step
from tollbook.engine.sources import local_parquet_files

_BATCH_ROWS: Final = 65_536


@dataclass(frozen=True)
class DuckEngine:
    """Takes ``memory_limit`` at most for its work, and spills to a folder of its own beyond it.

    The folder is made in ``spill_folder``, or where temporary files go.
    """

    memory_limit: str = "256MB"
    threads: int = min(4, os.cpu_count() or 1)
    spill_folder: Path | None = None

    @property
    def version(self) -> str:
        """Its name and version, for people."""
        return f"DuckDB {duckdb.__version__}"

    @contextmanager
    def running_query(
        self, sql: str, *, sources: Mapping[str, Source], steps: Sequence[Step] = ()
    ) -> Iterator[pa.RecordBatchReader]:
        """Run ``sql`` over ``sources`` and ``steps`` by name; a reader while the context holds."""
        with (
            TemporaryDirectory(prefix="tollbook-engine-", dir=self.spill_folder) as spilled,
            duckdb.connect(":memory:") as connection,
        ):
            self._set_up(connection, spilled)
            for name, source in sources.items():
                _add_source(connection, name, source)
            yield connection.sql(_after(steps, sql)).to_arrow_reader(_BATCH_ROWS)

    def _set_up(self, connection: duckdb.DuckDBPyConnection, spilled: str) -> None:
        for name, value in (
            ("memory_limit", self.memory_limit),
            ("threads", self.threads),
            ("temp_directory", spilled),
            ("TimeZone", "UTC"),
            ("preserve_insertion_order", False),
        ):
            connection.execute(f"SET {name} = {_literal(str(value))}")


def _add_source(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> None:
    """Parquet files on this machine are read by DuckDB itself, all else through Arrow."""
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
