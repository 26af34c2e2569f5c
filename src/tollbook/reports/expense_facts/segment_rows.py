"""Rows of one sealed month, a few thousand at a time, with the lines of CSV that belong to them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange
from tollbook.results.columns import LINE

_READ: Final = ["id", LINE]
_ROWS_OF_A_RUN: Final = 32_768
_log = structlog.get_logger(__name__)


def rows_of_segment(
    key: str, facts: Sequence[str], days: DateRange, *, lines: str | None, at_once: int
) -> Iterator[pa.RecordBatch]:
    """``facts`` of the rows, in order, of all row groups that have any of the ``days``.

    With the key of a file of ``lines``, each batch has ``LINE`` too; it is null from where on lines
    are not to be had: the text of such rows is made then, and nobody is failed.
    """
    with result_store().open(key) as file:
        segment = pq.ParquetFile(file)
        runs = _runs(segment, _groups(segment, days))
        batches = (batch.select(list(facts)) for batch in _read(segment, runs, facts, at_once))
        if lines is None:
            yield from batches
            return
        with _Lines(lines, runs, at_once) as beside:
            for batch in batches:
                yield batch.append_column(LINE, beside.of(batch))


def without_lines(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with ``LINE`` unknown."""
    return batch.append_column(LINE, pa.nulls(batch.num_rows, pa.string()))


def _groups(segment: pq.ParquetFile, days: DateRange) -> list[int]:
    """The row groups that have any of the days."""
    place = segment.schema_arrow.get_field_index("for_date")
    found = []
    for group in range(segment.metadata.num_row_groups):
        told = segment.metadata.row_group(group).column(place).statistics
        if told is None or (told.min < days.end and told.max >= days.start):
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


def _read(
    file: pq.ParquetFile, runs: Sequence[Sequence[int]], columns: Sequence[str], at_once: int
) -> Iterator[pa.RecordBatch]:
    """By a reader for each run: one for all keeps what it read until the end of the file."""
    for run in runs:
        yield from file.iter_batches(
            at_once, row_groups=list(run), columns=list(columns), use_threads=False
        )


class _Lines:
    """The lines of one file, taken in the order of their rows; a broken file has none."""

    def __init__(self, key: str, runs: Sequence[Sequence[int]], at_once: int) -> None:
        self._key = key
        self._runs = runs
        self._at_once = at_once
        self._opened = ExitStack()
        self._batches: Iterator[pa.RecordBatch] | None = None
        self._rest = pa.RecordBatch.from_pylist([])
        self._broken = False

    def __enter__(self) -> Self:
        try:
            file = self._opened.enter_context(result_store().open(self._key))
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            self._batches = _read(parquet, self._runs, _READ, self._at_once)
        except (OSError, pa.ArrowInvalid) as error:
            self._give_up(str(error))
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def of(self, rows: pa.RecordBatch) -> pa.Array:
        """The lines of the next rows, which are ``rows``; nulls where they are others, or gone."""
        found = None if self._broken else self._next(rows)
        return pa.nulls(rows.num_rows, pa.string()) if found is None else found

    def _next(self, rows: pa.RecordBatch) -> pa.Array | None:
        try:
            taken = pa.Table.from_batches(self._take(rows.num_rows)).combine_chunks()
        except (OSError, pa.ArrowInvalid) as error:
            self._give_up(str(error))
            return None
        if not taken["id"].equals(pa.chunked_array([rows["id"]])):
            self._give_up("it has other rows than its segment")
            return None
        return taken[LINE].chunk(0)

    def _take(self, rows: int) -> list[pa.RecordBatch]:
        """So many rows, in as many batches as they come in."""
        taken: list[pa.RecordBatch] = []
        while rows:
            if not self._rest.num_rows:
                self._rest = self._following()
            part = self._rest.slice(0, rows)
            self._rest = self._rest.slice(part.num_rows)
            rows -= part.num_rows
            taken.append(part)
        return taken

    def _following(self) -> pa.RecordBatch:
        batch = next(self._batches, None) if self._batches is not None else None
        if batch is None:
            raise pa.ArrowInvalid("rows are missing")
        return batch

    def _give_up(self, reason: str) -> None:
        self._broken = True
        _log.warning("lines_not_used", file=self._key, reason=reason)
