"""Rows of texts as lines of CSV, guarded as a download is: texts, but never numbers."""

from collections.abc import Sequence
from typing import Final

import polars as pl
import pyarrow as pa

from tollbook.results.columns import Column, Kind
from tollbook.results.csv_lines import CsvRows
from tollbook.results.row_text import Cell, RowStyle, row_jobs

Kinds = Sequence[str]
"""What each column of a result holds, in their order."""

_NUMBER: Final = r"^-[0-9]+(\.[0-9]+)?$"
_GUARDED: Final = CsvRows(guarded=True)
_PLAIN: Final = CsvRows(guarded=False)


class GuardedTexts:
    """Guards the columns of text among ``kinds``; without them all but what reads as a number."""

    start = _GUARDED.start
    between = _GUARDED.between
    end = _GUARDED.end

    def __init__(self, kinds: Kinds | None) -> None:
        self._kinds = kinds

    def cell(self, column: Column, values: pl.Series) -> Cell:
        """The fields of ``values``; the key of a column is its place."""
        if self._kinds is not None:
            is_text = self._kinds[int(column.key)] == Kind.TEXT
            return (_GUARDED if is_text else _PLAIN).cell(column, values)
        guarded, plain = (style.cell(column, values).whole() for style in (_GUARDED, _PLAIN))
        if column.kind is not Kind.TEXT:
            return Cell(plain)
        reads_as_number = pl.lit(values).str.contains(_NUMBER).fill_null(value=False)
        return Cell(pl.when(reads_as_number).then(plain).otherwise(guarded))

    def repeated(self, column: Column, values: pl.Series) -> pl.Series:
        """The fields of a dictionary."""
        return pl.select(self.cell(column, values).whole()).to_series()


def fitting(kinds: Kinds | None, headers: Sequence[str]) -> Kinds | None:
    """The kinds where there are as many as columns; none for a file of another layout."""
    return kinds if kinds is not None and len(kinds) == len(headers) else None


def placed_columns(headers: Sequence[str], types: Sequence[pa.DataType]) -> tuple[Column, ...]:
    """Columns whose keys are their places."""
    made = zip(headers, types, strict=True)
    return tuple(Column(str(at), header, kept) for at, (header, kept) in enumerate(made))


def header_line(headers: Sequence[str]) -> bytes:
    """The header line, guarded."""
    return _GUARDED.header(placed_columns(headers, [pa.string()] * len(headers)))


def text_of(batch: pa.RecordBatch, columns: Sequence[Column], style: RowStyle) -> bytes:
    """The rows of a batch in a style."""
    return b"".join(job().to_pybytes() for job in row_jobs([batch], columns, style))
