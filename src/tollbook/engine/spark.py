"""Spark as the engine: on a cluster or in this process, as its address says."""

import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs as pafs

from tollbook.engine.address import CONNECT, place_of
from tollbook.engine.engine import Source, Step
from tollbook.engine.sources import local_parquet_files, parquet_files
from tollbook.kernel.errors import Unavailable

EXACT: Final[Mapping[str, str]] = {
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}
"""Without these an amount can lose digits, or become NULL, without an error."""

_ARROW: Final[Mapping[str, str]] = {
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
}
_QUIET: Final[Mapping[str, str]] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_LOOPBACK: Final[Mapping[str, str]] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_SMALL: Final[Mapping[str, str]] = {"spark.sql.shuffle.partitions": "4"}
"""Of a Spark on this machine alone; a cluster has its own."""

_BATCH_ROWS: Final = 65_536
_opening: Final = Lock()
_sessions: Final[dict[str, Any]] = {}


@dataclass(frozen=True)
class SparkEngine:
    """Runs queries in a session of the Spark at ``address``, opened at the first need.

    A result is gathered here before its first batch is read.
    """

    address: str

    @property
    def version(self) -> str:
        """Its name and version, for people."""
        return f"Spark {self.session().version}"

    @contextmanager
    def running_query(
        self, sql: str, *, sources: Mapping[str, Source], steps: Sequence[Step] = ()
    ) -> Iterator[pa.RecordBatchReader]:
        """Run ``sql`` over ``sources`` and ``steps`` by name; a reader while the context holds.

        All get names of their own in the session, so that queries can run side by side.
        """
        session = self.session()
        check_settings(session)
        suffix = uuid.uuid4().hex
        views: dict[str, str] = {}
        try:
            for name, source in sources.items():
                views[name] = f"{name}_{suffix}"
                _frame(session, source).createOrReplaceTempView(views[name])
            for step in steps:
                frame = session.sql(_over(step.sql, views))
                if step.is_shared:  # worked out now: else all plans after it grow with each use
                    frame = frame.localCheckpoint()
                views[step.name] = f"{step.name}_{suffix}"
                frame.createOrReplaceTempView(views[step.name])
            yield session.sql(_over(sql, views)).toArrow().to_reader(_BATCH_ROWS)
        finally:
            for view in views.values():
                session.catalog.dropTempView(view)

    def close(self) -> None:
        """End the session of the address."""
        with _opening:
            session = _sessions.pop(self.address, None)
        if session is not None:
            session.stop()

    def session(self) -> Any:
        """The session of the address, opened at the first need."""
        with _opening:
            if self.address not in _sessions:
                _sessions[self.address] = _open_session(self.address)
            return _sessions[self.address]


def check_settings(session: Any) -> None:
    """Raise ``Unavailable`` where Spark would not say when it loses a digit."""
    for name, value in EXACT.items():
        found = session.conf.get(name)
        if found.lower() != value.lower():
            raise Unavailable(
                f"Spark has {name}={found}; rating needs {value}, so that no digit is lost: "
                "let the session set it"
            )


def _open_session(address: str) -> Any:
    """A session with the settings that keep amounts exact; ``Unavailable`` where there is none."""
    sql = import_module("pyspark.sql")
    builder = sql.SparkSession.builder.appName("tollbook")
    if address.startswith(CONNECT):
        builder = builder.remote(address)
    else:
        builder = builder.master(address).config(map=dict(_QUIET))
        if address.startswith("local"):
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
            builder = builder.config(map={**_LOOPBACK, **_SMALL})
    try:
        session = builder.config(map={**EXACT, **_ARROW}).getOrCreate()
        for name, value in {**EXACT, **_ARROW}.items():
            session.conf.set(name, value)
    except Exception as error:
        raise Unavailable(
            f"no Spark answers at {place_of(address)}: {_first_line(error)}"
        ) from error
    check_settings(session)
    return session


def _frame(session: Any, source: Source) -> Any:
    """Parquet files are read by the cluster itself, all else goes there from here as Arrow."""
    files = _readable_files(source)
    if files:
        return session.read.parquet(*files)
    return session.createDataFrame(source if isinstance(source, pa.Table) else source.to_table())


def _readable_files(source: Source) -> list[str]:
    """As the executors find them: in a folder that all of them see, or in a bucket."""
    if files := local_parquet_files(source):
        return [f"file://{file}" for file in files]
    files = parquet_files(source)
    if files and isinstance(source.filesystem, pafs.S3FileSystem):
        return [f"s3a://{file}" for file in files]
    return []


def _over(sql: str, views: Mapping[str, str]) -> str:
    """``sql`` with what it reads under the names it knows; Spark plans all that is named."""
    named = ",\n".join(
        f"{name} AS (TABLE {view})"
        for name, view in views.items()
        if re.search(rf"\b{name}\b", sql)
    )
    return f"WITH {named}\n{sql}" if named else sql


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
