"""Rows by number, in files that grow: each part a stream of Arrow behind those before it."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa


def parts_by(numbers: pl.Series, rows: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of each number, in memory of their own, in the order in which the numbers occur."""
    places = (
        numbers.alias("number")
        .to_frame()
        .with_row_index("row")
        .group_by("number", maintain_order=True)
        .agg("row")
    )
    for number, row in zip(places["number"], places["row"], strict=True):
        yield number, rows.take(row.to_arrow())


def append_stream(
    path: Path, rows: pa.RecordBatch, options: pa.ipc.IpcWriteOptions | None = None
) -> None:
    """Put the rows behind what the file has."""
    with path.open("ab") as sink, pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_batch(rows)


def streams_of(path: Path) -> Iterator[pa.Table]:
    """All that was put into the file, in its order."""
    with pa.OSFile(str(path)) as source:
        while source.tell() < source.size():
            yield pa.ipc.open_stream(source).read_all()
