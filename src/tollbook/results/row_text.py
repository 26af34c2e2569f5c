"""Batches → the text of their rows, one contiguous buffer each, several at work at once.

Each batch is one polars query: every hand-over to its threads costs time when cores are few.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl
import pyarrow as pa

from tollbook.results.column_runs import combinations, runs_of
from tollbook.results.columns import Column, Kind

ROWS_AT_ONCE: Final = 8_192
"""Rows in one buffer of text: large enough for polars, small enough for flat memory."""
_MADE_SLOWLY: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
_WORTH_REPEATING: Final = 8
"""Days and moments that occur so often on average are made into text once each."""


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


class RowTexts:
    """Makes the text of rows, batch by batch; keeps what it found out about those before."""

    def __init__(self, columns: Sequence[Column], style: RowStyle) -> None:
        self._columns = columns
        self._style = style
        self._known: list[_Repeated | None] = [None] * len(columns)
        self._runs: tuple[range, ...] | None = None

    def jobs(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Callable[[], pa.Buffer]]:
        """One job per batch that makes the text of its rows.

        Jobs may run in any thread and order.
        """
        for batch in batches:
            if batch.num_rows == 0:
                continue
            for position, column in enumerate(self._columns):
                self._known[position] = _repeated_cells(
                    batch, position, column, self._style, self._known[position]
                )
            if self._runs is None:
                self._runs = runs_of(batch)
            work = _Work(batch, self._columns, self._style, tuple(self._known), self._runs)
            yield work.buffer


def row_jobs(
    batches: Iterable[pa.RecordBatch], columns: Sequence[Column], style: RowStyle
) -> Iterator[Callable[[], pa.Buffer]]:
    """One job per batch that makes the text of its rows; see :meth:`RowTexts.jobs`."""
    return RowTexts(columns, style).jobs(batches)


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


@dataclass(frozen=True)
class _Work:
    """A batch whose rows become text."""

    batch: pa.RecordBatch
    columns: Sequence[Column]
    style: RowStyle
    repeated: Sequence[_Repeated | None]
    runs: Sequence[range]

    def buffer(self) -> pa.Buffer:
        """The text of the rows, one after the other."""
        style = self.style
        row = _joined(list(self._cells()), style.between, start=style.start, end=style.end)
        rows = pl.select(row).to_series()
        return rows.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()[2]

    def _cells(self) -> Iterator[Cell]:
        """Those of each column, or of all columns of a run at once."""
        starts = {run.start: run for run in self.runs}
        position = 0
        while position < len(self.columns):
            run = starts.get(position, range(position, position + 1))
            met = combinations(self.batch, run) if len(run) > 1 else None
            if met is None:
                yield from self._cells_of(self.batch.columns[run.start : run.stop], run)
            else:
                cells = list(self._cells_of(met.distinct.columns, run))
                texts = pl.select(_joined(cells, self.style.between)).to_series()
                yield _gathered(texts, met.places)
            position = run.stop

    def _cells_of(self, arrays: Iterable[pa.Array], run: range) -> Iterator[Cell]:
        for array, position in zip(arrays, run, strict=True):
            yield _cell(array, self.columns[position], self.style, self.repeated[position])


def _joined(cells: Sequence[Cell], between: str, *, start: str = "", end: str = "") -> pl.Expr:
    """The text of cells, of as few pieces as can be: each costs as much as a column."""
    if not start and not any(cell.before or cell.after for cell in cells):
        *others, last = (cell.text for cell in cells)
        ended = pl.concat_str([last, pl.lit(end)]) if end else last
        return pl.concat_str([*others, ended], separator=between)
    parts: list[pl.Expr] = []
    pending = start
    for position, cell in enumerate(cells):
        if pending := pending + cell.before:
            parts.append(pl.lit(pending))
        parts.append(cell.text)
        pending = cell.after + (between if position < len(cells) - 1 else end)
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
