"""Cells of a data sheet → fields of CSV, all of a piece at once."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl
import pyarrow as pa

from tollbook.reports.proof.pieces import NotAsWritten
from tollbook.reports.renderers.xlsx.styles import kinds_shown, styles_xml
from tollbook.results.columns import TIMESTAMP, Column, Kind
from tollbook.results.csv_lines import CsvRows, plain_cells

_CELL: Final = (
    r"^(?:(?P<empty>/>)"
    r'| s="(?P<style>[0-9]{1,3})"><v>(?P<number>-?[0-9]+(?:\.[0-9]+)?)</v></c>'
    r'| t="(?P<type>[sb])"><v>(?P<index>[0-9]{1,9})</v></c>'
    r'|(?P<bold> s="1")? t="inlineStr"><is><t(?: xml:space="preserve")?>'
    r"(?P<text>[^<]*)</t></is></c>)$"
)
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY: Final = re.compile("&(?!amp;|lt;|gt;)")
_FORMAT: Final = re.compile(r'<numFmt numFmtId="\d+" formatCode="([^"]*)"/>')
_EPOCH: Final = 25_569
_DAY: Final = 86_400_000_000
_TRUTH: Final = ("false", "true")


def style_kinds(styles: str) -> Mapping[str, Kind]:
    """What the cells of each style hold, by the style's number in the cells."""
    codes = _FORMAT.findall(styles)
    kinds = {str(number): kind for number, kind in kinds_shown(codes).items() if kind}
    if styles != styles_xml(codes) or len(kinds) < len(codes):
        raise NotAsWritten("its styles are not as Tollbook writes them")
    return kinds


def unescaped(texts: pl.Series) -> pl.Series:
    """Texts of XML as they were, with the characters for which ``_xHHHH_`` stands."""
    if texts.str.contains("&").any():
        if any(_ENTITY.search(text) for text in texts if text):
            raise NotAsWritten("a text holds an entity that Tollbook does not write")
        texts = texts.str.replace_many(_ENTITIES)
    if texts.str.contains("_x", literal=True).any():
        plain = [text and _ESCAPED.sub(_character, text) for text in texts]
        texts = pl.Series(texts.name, plain, dtype=pl.String)
    return texts


class CellReader:
    """Reads cells by the workbook's table of texts and its styles."""

    def __init__(self, shared: Sequence[str], kinds: Mapping[str, Kind]) -> None:
        self._shared = _fields(pl.Series(shared, dtype=pl.String))
        self._kinds = kinds
        self.width = 0

    def texts(self, cells: Sequence[str]) -> list[str | None]:
        """The texts of cells that hold nothing else."""
        found = _taken_apart(cells)
        return unescaped(found["text"]).to_list()

    def lines(self, rows: Sequence[Sequence[str]], *, has_header: bool) -> bytes:
        """The rows as lines of CSV; all have as many cells as the first ever had."""
        self.width = self.width or len(rows[0])
        if any(len(row) != self.width for row in rows):
            raise NotAsWritten("a row has more or fewer cells than the header")
        found = _taken_apart([cell for row in rows for cell in row])
        bold = self.width if has_header else 0
        if found["bold"].slice(0, bold).null_count() or found["bold"].slice(bold).count():
            raise NotAsWritten("a header is missing, or stands where none is due")
        fields = self._values(found).reshape((len(rows), self.width))
        joined = fields.to_frame("row").select(pl.col("row").arr.join(",")).to_series()
        return ("\r\n".join(joined) + "\r\n").encode()

    def _values(self, found: pl.DataFrame) -> pl.Series:
        if self._shared.is_empty() and (found["type"] == "s").any():
            raise NotAsWritten("a cell names a text that is not there")
        index = found["index"].cast(pl.Int64)
        shared = self._shared_fields(index, found["type"] == "s")
        truths = pl.Series(_TRUTH).gather(index.filter(found["type"] == "b"), null_on_oob=True)
        if truths.null_count():
            raise NotAsWritten("a cell is neither true nor false")
        texts = found["text"]
        parts = found.with_columns(
            shared=shared,
            truth=pl.Series(_TRUTH).gather(
                pl.select(pl.when(found["type"] == "b").then(index)).to_series()
            ),
            written=_fields(unescaped(texts)),
            counted=self._numbers(found),
        )
        return parts.select(
            pl.coalesce("counted", "shared", "truth", "written", pl.lit("")).alias("field")
        ).to_series()

    def _shared_fields(self, index: pl.Series, which: pl.Series) -> pl.Series:
        wanted = pl.select(pl.when(which).then(index)).to_series()
        highest = wanted.max()
        if isinstance(highest, int) and highest >= len(self._shared):
            raise NotAsWritten("a cell names a text that is not there")
        if self._shared.is_empty():
            return pl.Series([None], dtype=pl.String).new_from_index(0, len(index))
        return self._shared.gather(wanted)

    def _numbers(self, found: pl.DataFrame) -> pl.Series:
        styles = found["style"]
        numbers = found["number"]
        for style in styles.unique().drop_nulls():
            if style not in self._kinds:
                raise NotAsWritten("a number is of no known kind")
            reader = _COUNTED.get(self._kinds[style])
            if reader is not None:
                which = (styles == style).fill_null(value=False)
                numbers = numbers.scatter(which.arg_true(), reader(numbers.filter(which)))
        return numbers


def _taken_apart(cells: Sequence[str]) -> pl.DataFrame:
    found = pl.Series(cells).str.extract_groups(_CELL).struct.unnest()
    known = found.select(pl.coalesce("empty", "number", "index", "text")).to_series()
    if known.null_count():
        odd = cells[known.is_null().arg_max() or 0]
        raise NotAsWritten(f"a cell is not as Tollbook writes one: <c{odd[:80]}")
    return found


def _fields(texts: pl.Series) -> pl.Series:
    column = Column("text", "Text", pa.string())
    style = CsvRows(guarded=True)
    return texts if texts.is_empty() else _quoted(texts, column, style)


def _quoted(texts: pl.Series, column: Column, style: CsvRows) -> pl.Series:
    whole = pl.select(style.cell(column, texts).whole()).to_series()
    return pl.select(pl.when(texts.is_not_null()).then(whole)).to_series()


def _days(serials: pl.Series) -> pl.Series:
    if serials.str.contains(".", literal=True).any():
        raise NotAsWritten("a date has a time of day")
    days = (serials.cast(pl.Int64) - _EPOCH).cast(pl.Int32).cast(pl.Date)
    return days.cast(pl.String)


def _moments(serials: pl.Series) -> pl.Series:
    """Microseconds from days with twelve decimals, which must be those that Tollbook writes."""
    taken = serials.str.extract_groups(r"^(?P<day>[0-9]+)\.(?P<part>[0-9]{12})$").struct.unnest()
    if taken["day"].null_count():
        raise NotAsWritten("a time has not twelve decimals")
    part = taken["part"].cast(pl.Int64)
    micros = (part * 54 + 312) // 625
    if ((micros * 625 + 27) // 54 != part).any():
        raise NotAsWritten("a time lies between two microseconds")
    instants = (taken["day"].cast(pl.Int64) - _EPOCH) * _DAY + micros
    times = instants.cast(pl.Datetime("us", "UTC"))
    column = Column("at", "At", TIMESTAMP)
    return pl.select(plain_cells(column, times).whole()).to_series()


def _character(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 16))


_COUNTED: Final = {Kind.DATE: _days, Kind.TIMESTAMP: _moments}
