"""Rows of one sealed month, a few thousand at a time."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange
from tollbook.results.parquet_batches import batches_of

_ROWS_OF_A_RUN: Final = 32_768


def rows_of_segment(
    key: str, facts: Sequence[str], days: DateRange, *, at_once: int
) -> Iterator[pa.RecordBatch]:
    """``facts`` of the rows, in order, of all row groups that have any of the ``days``."""
    columns = list(facts)
    with result_store().open(key) as file:
        segment = pq.ParquetFile(file)
        runs = _runs(segment, _groups(segment, days))
        for batch in batches_of(segment, at_once, runs=runs, columns=columns, use_threads=False):
            yield batch.select(columns)


def _groups(segment: pq.ParquetFile, days: DateRange) -> list[int]:
    """The row groups that may have any of the days."""
    place = segment.schema_arrow.get_field_index("for_date")
    found = []
    for group in range(segment.metadata.num_row_groups):
        told = segment.metadata.row_group(group).column(place).statistics
        if told is None or not told.has_min_max or (told.min < days.end and told.max >= days.start):
            found.append(group)
    return found


def _runs(segment: pq.ParquetFile, groups: Sequence[int]) -> list[list[int]]:
    """The row groups, so many together as have some thousand rows."""
    runs: list[list[int]] = []
    rows = _ROWS_OF_A_RUN
    for group in groups:
        more = segment.metadata.row_group(group).num_rows
        if rows + more > _ROWS_OF_A_RUN:
            runs.append([])
            rows = 0
        runs[-1].append(group)
        rows += more
    return runs
