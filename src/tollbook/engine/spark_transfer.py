"""What the executors of Spark do with Arrow: read files of the lake, and hand results over.

The functions that run there are sent by value: a cluster needs pyarrow, and nothing of ours.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.fs as pafs

Batches: TypeAlias = Iterator[pa.RecordBatch]

_BATCH_ROWS: Final = 65_536
_AHEAD: Final = 2
"""Batches of a file that wait in an executor's memory; pyarrow's own 16 are many."""


def table_frame(session: Any, table: pa.Table) -> Any:
    """A frame over a table from here; Spark Connect takes no types from one without rows."""
    if table.num_rows:
        return session.createDataFrame(table)
    types = import_module("pyspark.sql.pandas.types")
    return session.createDataFrame([], types.from_arrow_schema(table.schema))


def files_frame(
    session: Any, files: Sequence[str], *, filesystem: pafs.FileSystem, schema: pa.Schema
) -> Any:
    """A frame over Parquet files that executors open by ``filesystem``, a task for each file.

    Its credentials travel inside the function, which plans and logs show by name only; those that
    come from the environment here must be in the executors' environment too.
    """
    types = import_module("pyspark.sql.pandas.types")
    paths = session.createDataFrame(pa.table({"path": list(files)})).repartition(len(files))
    reading = reading_with(filesystem, schema)
    return paths.mapInArrow(reading, types.from_arrow_schema(schema))


def reading_with(filesystem: pafs.FileSystem, schema: pa.Schema) -> Callable[[Batches], Batches]:
    """The function that gives the rows of files, whose paths it gets."""

    def read_lake(paths: Batches) -> Batches:
        for batch in paths:
            files = pads.FileSystemDataset.from_paths(
                batch.column("path").to_pylist(),
                schema=schema,
                format=pads.ParquetFileFormat(),
                filesystem=filesystem,
            )
            yield from files.to_batches(
                batch_size=_BATCH_ROWS, batch_readahead=_AHEAD, fragment_readahead=1
            )

    return read_lake


def schema_of(frame: Any) -> pa.Schema:
    """The types of a frame's columns in Arrow."""
    types = import_module("pyspark.sql.pandas.types")
    return types.to_arrow_schema(frame.schema, timezone="UTC")


def stream_batches(frame: Any) -> Batches:
    """The rows of a frame in its order, a partition of it at a time: all of it is never here."""
    schema = schema_of(frame)
    packed = frame.mapInArrow(packing(), "packed binary")
    for row in packed.toLocalIterator(prefetchPartitions=True):
        for batch in pa.ipc.open_stream(row.packed):
            yield batch.cast(schema)


def packing() -> Callable[[Batches], Batches]:
    """The function that makes each batch one value, an Arrow stream by itself."""

    def pack(batches: Batches) -> Batches:
        for batch in batches:
            sink = pa.BufferOutputStream()
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            with pa.ipc.new_stream(sink, batch.schema, options=options) as stream:
                stream.write_batch(batch)
            yield pa.record_batch({"packed": pa.array([sink.getvalue().to_pybytes()])})

    return pack
