"""RFC 4180 lines of a batch: what a CSV download holds and what a report's digest is taken over."""

from collections.abc import Sequence
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tollbook.results.columns import Column, Kind
from tollbook.results.row_text import Cell

_SECOND: Final = 1_000_000
_TO_GUARD: Final = r"^'*[=+\-@\t\r]"
"""What a spreadsheet would run, and what looks like that behind a guard: so that taking one
apostrophe off every guarded text gives back each text as it was."""
_NEEDS_QUOTES: Final = r'[",\r\n]|^$'
_NOT_PLAIN: Final = f"{_TO_GUARD}|{_NEEDS_QUOTES}"


def plain_cells(column: Column, values: pl.Series) -> Cell:
    """Numbers with all their digits, ``true`` and ``false``, ISO 8601 days and times in UTC.

    Null where ``values`` are; seconds carry six decimals where there is a fraction, else none.
    """
    if column.kind is Kind.TIMESTAMP:
        return Cell(_local_times(values), after="Z")
    if column.kind is Kind.DATE:
        return Cell(pl.lit(pl.Series(pc.cast(values.to_arrow(), pa.string()))))
    return Cell(pl.lit(values).cast(pl.String))


def _local_times(values: pl.Series) -> pl.Expr:
    """As ``strftime`` would write them, in two thirds of its time."""
    whole_seconds = values.to_physical() % _SECOND == 0
    unit = "s" if whole_seconds.all() else "us"
    shorter = pc.cast(values.to_arrow(), pa.timestamp(unit, "UTC"))
    local = pl.Series(pc.cast(pc.cast(shorter, pa.timestamp(unit)), pa.string()))
    text = pl.lit(local).str.replace(" ", "T", literal=True)
    return text.str.strip_suffix(".000000") if whole_seconds.any() and unit == "us" else text


class CsvRows:
    """Lines of CSV: null is nothing, empty text is ``""``; quotes only where they are needed.

    Guarded, a text that a spreadsheet would run as a formula gets a leading apostrophe, and so does
    one that begins with apostrophes before such a character.
    """

    start = ""
    between = ","
    end = "\r\n"

    def __init__(self, *, guarded: bool) -> None:
        self._guarded = guarded

    def cell(self, column: Column, values: pl.Series) -> Cell:
        """The fields of ``values``."""
        if column.kind is Kind.TEXT:
            return Cell(self._fields(values)).or_else(values, "")
        return plain_cells(column, values).or_else(values, "")

    def repeated(self, column: Column, values: pl.Series) -> pl.Series:
        """The fields of a dictionary."""
        return pl.select(self.cell(column, values).whole()).to_series()

    def header(self, columns: Sequence[Column]) -> bytes:
        """The header line."""
        headers = pl.Series([column.header for column in columns], dtype=pl.String)
        fields = pl.select(self._fields(headers)).to_series()
        return (self.between.join(fields) + self.end).encode()

    def _fields(self, texts: pl.Series) -> pl.Expr:
        text = pl.lit(texts)
        if not texts.str.contains(_NOT_PLAIN).any():
            return text
        if self._guarded:
            text = pl.when(text.str.contains(_TO_GUARD)).then("'" + text).otherwise(text)
        quoted = '"' + text.str.replace_all('"', '""', literal=True) + '"'
        return pl.when(text.str.contains(_NEEDS_QUOTES)).then(quoted).otherwise(text)
