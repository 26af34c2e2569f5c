"""Spark as the engine: on a cluster or in this process, as its address says."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from tollbook.engine.address import place_of
from tollbook.engine.engine import Source, Step
from tollbook.engine.sources import local_parquet_files, parquet_files
from tollbook.engine.spark_sessions import check_settings, end_session, used_session
from tollbook.engine.spark_transfer import files_frame, schema_of, stream_batches, table_frame
from tollbook.kernel.errors import Unavailable

_BEGINS_WITH_NAMES: Final = re.compile(r"\s*WITH\s")
_MENDS: Final[Mapping[str, str]] = {
    r"PATH_NOT_FOUND|FILE_NOT_EXIST|FileNotFoundException": (
        "it does not see the folder of STORAGE_URL: mount that folder under the same path on every "
        "machine of the cluster, or keep the files in a bucket (s3://…)"
    ),
    r"No module named '(pyarrow|pandas)'": (
        "its executors run a Python without pyarrow: install it there, or name another Python by "
        "PYSPARK_PYTHON"
    ),
    r"PYTHON_VERSION_MISMATCH": (
        "its executors run another Python than this one: name one of the same minor version by "
        "PYSPARK_PYTHON"
    ),
    r"NoCredentialProviders|AccessDenied|ACCESS_DENIED|InvalidAccessKeyId|SignatureDoesNotMatch": (
        "its executors may not read the bucket: put key and secret into STORAGE_URL, or give them "
        "to the executors' environment"
    ),
}
"""What a cluster of one's own may lack, by what its errors say then."""


@dataclass(frozen=True)
class SparkEngine:
    """Runs queries in a session of the Spark at ``address``, opened at the first need."""

    address: str

    @property
    def version(self) -> str:
        """Its name and version, for people."""
        with used_session(self.address) as session:
            return f"Spark {session.version}"

    @contextmanager
    def running_query(
        self, sql: str, *, sources: Mapping[str, Source], steps: Sequence[Step] = ()
    ) -> Iterator[pa.RecordBatchReader]:
        """Run ``sql`` over ``sources`` and ``steps`` by name; a reader while the context holds.

        All get names of their own in the session, so that queries can run side by side.
        """
        with used_session(self.address) as session, _own_views(session) as views:
            with self._explaining():
                check_settings(session)
                result = views.over(sql, sources, steps)
                schema = schema_of(result)
            yield pa.RecordBatchReader.from_batches(schema, self._batches(result))

    def close(self) -> None:
        """End the session of the address."""
        end_session(self.address)

    def _batches(self, result: Any) -> Iterator[pa.RecordBatch]:
        with self._explaining():
            yield from stream_batches(result)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """``Unavailable`` that says how to mend it, where the cluster lacks what it needs."""
        try:
            yield
        except Exception as error:
            for said, mend in _MENDS.items():
                if re.search(said, str(error)):
                    place = place_of(self.address)
                    raise Unavailable(f"Spark at {place} cannot work: {mend}") from error
            raise


@dataclass(frozen=True)
class _Views:
    """What one query reads, under names of its own in a session that others use too."""

    session: Any
    suffix: str = field(default_factory=lambda: uuid.uuid4().hex)
    names: dict[str, str] = field(default_factory=dict)

    def over(self, sql: str, sources: Mapping[str, Source], steps: Sequence[Step]) -> Any:
        """The frame of ``sql``; what several steps read is worked out by then.

        Else all plans after it grow with each use.
        """
        for name, source in sources.items():
            self._add(name, _frame(self.session, source))
        for step in steps:
            frame = self._planned(step.sql)
            self._add(step.name, frame.localCheckpoint() if step.is_shared else frame)
        return self._planned(sql)

    def _add(self, name: str, frame: Any) -> None:
        self.names[name] = f"{name}_{self.suffix}"
        frame.createOrReplaceTempView(self.names[name])

    def _planned(self, sql: str) -> Any:
        """``sql`` with what it reads under the names it knows; Spark plans all that is named."""
        named = ",\n".join(
            f"{name} AS (TABLE {view})"
            for name, view in self.names.items()
            if re.search(rf"\b{name}\b", sql)
        )
        own = _BEGINS_WITH_NAMES.match(sql)
        if named:
            sql = f"WITH {named},\n{sql[own.end() :]}" if own else f"WITH {named}\n{sql}"
        return self.session.sql(sql)


@contextmanager
def _own_views(session: Any) -> Iterator[_Views]:
    views = _Views(session)
    try:
        yield views
    finally:
        for view in views.names.values():
            session.catalog.dropTempView(view)


def _frame(session: Any, source: Source) -> Any:
    """Parquet files are read by the executors themselves, all else goes there from here as Arrow.

    A folder must be there under the same path on all their machines.
    """
    if files := local_parquet_files(source):
        return session.read.parquet(*[f"file://{file}" for file in files])
    if files := parquet_files(source):
        return files_frame(session, files, filesystem=source.filesystem, schema=source.schema)
    return table_frame(session, source if isinstance(source, pa.Table) else source.to_table())
