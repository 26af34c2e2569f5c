"""Cells of a data sheet: typed, every digit in the file, text never a formula."""

from collections.abc import Sequence
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tollbook.reports.renderers.xlsx.styles import Styles
from tollbook.reports.renderers.xlsx.text import cut, inline_cells
from tollbook.results.columns import Column, Kind
from tollbook.results.csv_lines import plain_cells
from tollbook.results.row_text import Cell

NO_CELL: Final = "<c/>"
_EPOCH: Final = 25_569
"""1970-01-01 as Excel counts days."""
_DAY: Final = 86_400_000_000
_FIRST_DAY: Final = -25_508
_LAST_DAY: Final = 2_932_896
_COUNTED: Final = {
    Kind.DATE: (_FIRST_DAY, _LAST_DAY),
    Kind.TIMESTAMP: (_FIRST_DAY * _DAY, (_LAST_DAY + 1) * _DAY - 1_000_000),
}
"""From 1900-03-01, before which Excel counts a 29 February 1900 that never was, to 9999-12-31 and
its last second; binary floating point would round what is later into the year 10000."""
_SERIAL_PLACES: Final = 12
"""Decimals of a day; the last is a tenth of a microsecond, so that microseconds survive."""
_SHARED_CHARACTERS: Final = 1 << 23


class SharedStrings:
    """The workbook's table of texts, as far as it stays small."""

    def __init__(self, *, room: int = _SHARED_CHARACTERS) -> None:
        self._indices: dict[str, int] = {}
        self._room = room

    def index(self, text: str) -> int | None:
        """Where ``text`` stands in the table; None if it does not and the table is full."""
        known = self._indices.get(text)
        if known is None and self._room > 0:
            known = self._indices[text] = len(self._indices)
            self._room -= len(text)
        return known

    @property
    def texts(self) -> Sequence[str]:
        """All texts in the order of the table."""
        return tuple(self._indices)


class SheetRows:
    """Rows of ``<c>`` elements, which stand where they are counted and carry no reference.

    ``cut_columns`` gathers the keys of columns with texts too long for a cell.
    """

    start = "<row>"
    between = ""
    end = "</row>"

    def __init__(self, styles: Styles, shared: SharedStrings) -> None:
        self._styles = styles
        self._shared = shared
        self.cut_columns: set[str] = set()

    def cell(self, column: Column, values: pl.Series) -> Cell:
        """The cells of ``values``; null is an empty cell."""
        if column.kind is Kind.TEXT:
            return inline_cells(self._cut(column, values)).or_else(values, NO_CELL)
        if column.kind is Kind.BOOLEAN:
            number = pl.lit(values.cast(pl.Int8)).cast(pl.String)
            return Cell(number, '<c t="b"><v>', "</v></c>").or_else(values, NO_CELL)
        style = self._styles.of(column)
        cell = Cell(_number(column, values), f'<c s="{style}"><v>', "</v></c>")
        not_counted = _not_counted(column, values)
        if not_counted is not None:
            text = pl.select(plain_cells(column, values).whole()).to_series()
            iso = inline_cells(text).whole()
            cell = Cell(pl.when(not_counted).then(iso).otherwise(cell.whole()))
        return cell.or_else(values, NO_CELL)

    def repeated(self, column: Column, values: pl.Series) -> pl.Series:
        """The cells of a dictionary, which point into the shared strings while there is room."""
        texts = self._cut(column, values)
        found = [None if text is None else self._shared.index(text) for text in texts]
        index = pl.lit(pl.Series(found, dtype=pl.Int64)).cast(pl.String)
        shared = Cell(index, '<c t="s"><v>', "</v></c>").whole()
        whole = pl.coalesce(shared, inline_cells(texts).whole(), pl.lit(NO_CELL))
        return pl.select(whole).to_series()

    def _cut(self, column: Column, values: pl.Series) -> pl.Series:
        texts, was_cut = cut(values)
        if was_cut:
            self.cut_columns.add(column.key)
        return texts


def _number(column: Column, values: pl.Series) -> pl.Expr:
    if column.kind is Kind.DATE:
        return pl.lit(values.to_physical() + _EPOCH).cast(pl.String)
    if column.kind is Kind.TIMESTAMP:
        return pl.lit(_serial_times(values)).cast(pl.String)
    return plain_cells(column, values).text


def _serial_times(values: pl.Series) -> pl.Series:
    """Days and their fraction, rounded at the twelfth decimal in whole numbers."""
    instant = values.to_physical()
    day = instant // _DAY
    fraction = ((instant - day * _DAY) * 625 + 27) // 54  # 10**12 / 86_400_000_000 = 625 / 54
    serial = ((day + _EPOCH) * 10**_SERIAL_PLACES + fraction).to_arrow()
    digits = pc.cast(serial, pa.decimal128(38, 0))
    scaled = pa.decimal128(38, _SERIAL_PLACES)
    return pl.Series(pa.Array.from_buffers(scaled, len(digits), digits.buffers()))


def _not_counted(column: Column, values: pl.Series) -> pl.Series | None:
    """Which days and times Excel cannot count; None where it can count all."""
    if column.kind not in _COUNTED:
        return None
    first, last = _COUNTED[column.kind]
    instants = values.to_physical()
    not_counted = (instants < first) | (instants > last)
    return not_counted if not_counted.any() else None
