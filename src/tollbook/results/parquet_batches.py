"""Rows of Parquet files in batches, in memory that does not grow with the file."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def batches_of(
    file: pq.ParquetFile,
    rows: int,
    *,
    runs: Iterable[Sequence[int]] | None = None,
    columns: Sequence[str] | None = None,
    use_threads: bool = True,
) -> Iterator[pa.RecordBatch]:
    """The rows, at most so many in a batch, by a reader for each of the ``runs`` of row groups.

    One reader for all keeps what it read until the end of the file. Without ``runs`` each row group
    is one; ``columns`` come in the order of the file.
    """
    each = ([group] for group in range(file.num_row_groups))
    for run in each if runs is None else runs:
        yield from file.iter_batches(
            rows, row_groups=list(run), columns=columns, use_threads=use_threads
        )
