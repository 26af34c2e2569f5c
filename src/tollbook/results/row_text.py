"""Batches → the text of their rows, one contiguous buffer each, several at work at once.

Each batch is one polars query: every hand-over to its threads costs time when cores are few.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

import polars as pl
import pyarrow as pa

from tollbook.results.columns import Column, Kind

ROWS_AT_ONCE: Final = 8_192
"""Rows in one buffer of text: large enough for polars, small enough for flat memory."""
WORKERS: Final = 2
_MADE_SLOWLY: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
_WORTH_REPEATING: Final = 8
"""Days and moments that occur so often on average are made into text once each."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cell:
    """The texts of one column's cells, as an expression, and what stands around each of them."""

    text: pl.Expr
    before: str = ""
    after: str = ""

    def whole(self) -> pl.Expr:
        """The texts with what stands around them; null where the text is."""
        if not self.before and not self.after:
            return self.text
        return pl.concat_str([pl.lit(self.before), self.text, pl.lit(self.after)])

    def or_else(self, values: pl.Series, instead: str) -> "Cell":
        """The same for ``values``, with ``instead`` for the cells of nulls."""
        return Cell(self.whole().fill_null(instead)) if values.null_count() else self


class RowStyle(Protocol):
    """How one format writes a row."""

    start: str
    between: str
    end: str

    def cell(self, column: Column, values: pl.Series) -> Cell:
        """The cells of ``values``, which may hold nulls; the cells hold none."""

    def repeated(self, column: Column, values: pl.Series) -> pl.Series:
        """The whole cell of each value of a dictionary; called in the order of the rows."""


def row_jobs(
    batches: Iterable[pa.RecordBatch], columns: Sequence[Column], style: RowStyle
) -> Iterator[Callable[[], pa.Buffer]]:
    """One job per batch that makes the text of its rows; jobs may run in any thread and order."""
    known: list[_Repeated | None] = [None] * len(columns)
    for batch in batches:
        if batch.num_rows == 0:
            continue
        for position, column in enumerate(columns):
            known[position] = _repeated_cells(batch, position, column, style, known[position])
        yield partial(_row_buffer, batch, columns, style, tuple(known))


def in_order(jobs: Iterable[Callable[[], Result]]) -> Iterator[Result]:
    """Run ``jobs`` a few at a time and yield their results in order; only a few are held."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="render")
    running: deque[Future[Result]] = deque()
    try:
        for job in jobs:
            running.append(pool.submit(job))
            if len(running) > WORKERS:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class _Repeated:
    """A dictionary and the whole cell of each of its values, that of null last."""

    dictionary: pa.Array
    cells: pl.Series


def _repeated_cells(
    batch: pa.RecordBatch,
    position: int,
    column: Column,
    style: RowStyle,
    known: _Repeated | None,
) -> _Repeated | None:
    array = batch.column(position)
    if not pa.types.is_dictionary(array.type):
        return None
    if known is not None and known.dictionary.equals(array.dictionary):
        return known
    values = pl.Series([*array.dictionary.to_pylist(), None], dtype=pl.String)
    return _Repeated(array.dictionary, style.repeated(column, values))


def _row_buffer(
    batch: pa.RecordBatch,
    columns: Sequence[Column],
    style: RowStyle,
    repeated: Sequence[_Repeated | None],
) -> pa.Buffer:
    cells = [
        _cell(batch.column(position), column, style, repeated[position])
        for position, column in enumerate(columns)
    ]
    rows = pl.select(_row(cells, style)).to_series()
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()[2]


def _row(cells: Sequence[Cell], style: RowStyle) -> pl.Expr:
    """The text of the rows, of as few pieces as can be: each costs as much as a column."""
    if not style.start and not any(cell.before or cell.after for cell in cells):
        *others, last = (cell.text for cell in cells)
        ended = pl.concat_str([last, pl.lit(style.end)])
        return pl.concat_str([*others, ended], separator=style.between)
    parts: list[pl.Expr] = []
    pending = style.start
    for position, cell in enumerate(cells):
        if pending := pending + cell.before:
            parts.append(pl.lit(pending))
        parts.append(cell.text)
        pending = cell.after + (style.between if position < len(cells) - 1 else style.end)
    return pl.concat_str([*parts, pl.lit(pending)])


def _cell(array: pa.Array, column: Column, style: RowStyle, repeated: _Repeated | None) -> Cell:
    if repeated is not None:
        return _gathered(repeated.cells, array.indices)
    if column.kind in _MADE_SLOWLY:
        encoded = array.dictionary_encode()
        if len(encoded.dictionary) * _WORTH_REPEATING <= len(array):
            values = pl.Series(pa.concat_arrays([encoded.dictionary, pa.nulls(1, array.type)]))
            cells = pl.select(style.cell(column, values).whole()).to_series()
            return _gathered(cells, encoded.indices)
    return style.cell(column, pl.Series(array))


def _gathered(cells: pl.Series, indices: pa.Array) -> Cell:
    """The cells at ``indices``; the last of ``cells`` is that of null."""
    if indices.null_count:
        indices = indices.fill_null(len(cells) - 1)
    return Cell(pl.lit(cells).gather(pl.Series(indices)))
