"""A result as JSON, ``{"headers": [...], "rows": [[...]]}``; amounts are exact strings."""

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from tollbook.results.beside import in_order
from tollbook.results.columns import Column, Kind
from tollbook.results.csv_lines import plain_cells
from tollbook.results.result_file import ResultFile
from tollbook.results.row_text import ROWS_AT_ONCE, Cell, row_jobs

_CONTROLS: Final = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"]
_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    **{character: f"\\u{ord(character):04x}" for character in _CONTROLS},
}
_NEEDS_ESCAPE: Final = r'["\\\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}]'
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.BOOLEAN})


def render_json(result: ResultFile) -> Iterator[bytes]:
    """The document in pieces, one row to a line."""
    yield json_start(result.columns)
    comma = 1
    for rows in in_order(row_jobs(result.batches(ROWS_AT_ONCE), result.columns, JsonRows())):
        yield rows.to_pybytes()[comma:]
        comma = 0
    yield b"\n]}\n"


def json_start(columns: Sequence[Column]) -> bytes:
    """The document up to its first row."""
    headers = pl.Series([column.header for column in columns], dtype=pl.String)
    quoted = pl.select(_quoted(headers).whole()).to_series()
    return f'{{"headers": [{", ".join(quoted)}], "rows": ['.encode()


class JsonRows:
    """Rows as arrays, each led by the comma that parts it from the row before."""

    start = ",\n["
    between = ","
    end = "]"

    def cell(self, column: Column, values: pl.Series) -> Cell:
        """The values as JSON."""
        return _cells(column, values).or_else(values, "null")

    def repeated(self, column: Column, values: pl.Series) -> pl.Series:
        """The values of a dictionary as JSON."""
        return pl.select(self.cell(column, values).whole()).to_series()


def _cells(column: Column, values: pl.Series) -> Cell:
    if column.kind is Kind.TEXT:
        return _quoted(values)
    cells = plain_cells(column, values)
    if column.kind in _NUMBERS:
        return cells
    return Cell(cells.text, f'"{cells.before}', f'{cells.after}"')


def _quoted(texts: pl.Series) -> Cell:
    text = pl.lit(texts)
    if texts.str.contains(_NEEDS_ESCAPE).any():
        text = text.str.replace_many(_ESCAPES)
    return Cell(text, '"', '"')
