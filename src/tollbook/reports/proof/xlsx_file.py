"""A downloaded workbook: its data sheets as one table, and its information sheet."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import polars as pl

from tollbook.reports.proof.pieces import About, NotAsWritten, OnProgress
from tollbook.reports.proof.xlsx_cells import CellReader, style_kinds, unescaped
from tollbook.reports.renderers.xlsx import parts

_SHEET: Final = "xl/worksheets/sheet{}.xml"
_SHARED: Final = "xl/sharedStrings.xml"
_STYLES: Final = "xl/styles.xml"
_AROUND: Final = (
    "[Content_Types].xml",
    "_rels/.rels",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    _STYLES,
    _SHARED,
)
_AT_ONCE: Final = 1 << 20
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, UnicodeDecodeError, KeyError)
_NAMESPACE: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<{} xmlns="{}"'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORKSHEET: Final = _NAMESPACE.format("worksheet", _MAIN)
_COLS: Final = (
    r'<cols>(?:<col min="\d+" max="\d+" width="\d+" customWidth="1"/>)+</cols><sheetData>'
)
_START: Final = re.compile(
    re.escape(_WORKSHEET) + r'><dimension ref="(?P<area>[A-Z0-9:]+)"/>'
    r'<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    r' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' + _COLS
)
_INFORMATION: Final = re.compile(re.escape(_WORKSHEET) + ">" + _COLS)
_END: Final = re.compile(r'</sheetData>(?:<autoFilter ref="(?P<area>[A-Z0-9:]+)"/>)?</worksheet>')
_ITEMS: Final = re.compile(
    re.escape(_NAMESPACE.format("sst", _MAIN))
    + r' uniqueCount="(?P<count>\d+)">(?P<items>.*)</sst>',
    re.DOTALL,
)
_ITEM: Final = re.compile(r'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>')
_FILTERED: Final = re.compile(r"!([A-Z0-9:$]+)</definedName>")
_ROW: Final = "<row>"
_ROW_END: Final = "</row>"
_DIGEST: Final = "Digest (SHA-256 of the CSV)"
_CUT: Final = "Texts cut to what a cell holds"


def xlsx_about(path: Path) -> About:
    """What the information sheet says; ``NotAsWritten`` where there is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = _SHEET.format(_sheets(archive))
            reader = CellReader((), {})
            with archive.open(name) as part:
                rows = [cells for rows in _Sheet(part, _INFORMATION).rows() for cells in rows]
            lines = dict(_pair(reader.texts(_cells(row))) for row in rows)
    except _BROKEN as error:
        raise NotAsWritten(f"the workbook is damaged: {error}") from error
    rows_told = lines.get("Rows", "")
    return About(
        digest=lines.get(_DIGEST),
        rows=int(rows_told) if rows_told.isdecimal() else None,
        lines=lines,
        cut=_CUT in lines,
    )


def xlsx_pieces(path: Path, on_progress: OnProgress) -> Iterator[bytes]:
    """The rows of all data sheets as lines of CSV, the header once."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _data(archive, on_progress)
    except _BROKEN as error:
        raise NotAsWritten(f"the workbook is damaged: {error}") from error


def _data(archive: zipfile.ZipFile, on_progress: OnProgress) -> Iterator[bytes]:
    sheets = _sheets(archive) - 1
    reader = CellReader(_shared_texts(archive), style_kinds(_text(archive, _STYLES)))
    sizes = [archive.getinfo(_SHEET.format(number)).file_size for number in range(1, sheets + 1)]
    header: bytes | None = None
    before = 0
    for number, size in enumerate(sizes, 1):
        with archive.open(_SHEET.format(number)) as part:
            sheet = _Sheet(part, _START)
            for rows in sheet.rows():
                first = sheet.count == len(rows)
                lines = reader.lines([_cells(row) for row in rows], has_header=first)
                if first:
                    own, _, lines = lines.partition(b"\n")
                    if header not in (None, own):
                        raise NotAsWritten(f"sheet {number} has other headers than the first")
                    if header is None:
                        yield own + b"\n"
                    header = own
                yield lines
                on_progress(before + sheet.read, sum(sizes))
            sheet.check_areas(reader.width)
        before += size


class _Sheet:
    """One sheet as it is read: its rows as the XML of their cells."""

    def __init__(self, part: IO[bytes], start: re.Pattern[str]) -> None:
        self._part = part
        self._start = start
        self._areas: list[str] = []
        self.count = 0
        self.read = 0

    def rows(self) -> Iterator[list[str]]:
        """Some rows at a time, the header with the first."""
        held, began = b"", False
        while piece := self._part.read(_AT_ONCE):
            self.read += len(piece)
            held += piece
            end = held.rfind(_ROW_END.encode()) + len(_ROW_END)
            if end < len(_ROW_END):
                continue
            text, held = held[:end].decode(), held[end:]
            if not began:
                text, began = self._after_start(text), True
            rows = text.removesuffix(_ROW_END).split(_ROW_END)
            if not all(row.startswith(_ROW) for row in rows):
                raise NotAsWritten(f"after row {self.count:,} stands what is no row")
            self.count += len(rows)
            yield rows
        ended = _END.fullmatch(held.decode())
        if ended is None or not began:
            raise NotAsWritten("a sheet does not end as Tollbook ends one")
        self._areas.append(ended["area"])

    def check_areas(self, columns: int) -> None:
        """Raise where the sheet says that it has another size."""
        if set(self._areas) != {parts.area(columns, self.count - 1)}:
            raise NotAsWritten("a sheet says that it has more or fewer rows than it has")

    def _after_start(self, text: str) -> str:
        began = self._start.match(text)
        if began is None:
            raise NotAsWritten("a sheet does not begin as Tollbook begins one")
        self._areas += [began["area"]] if "area" in began.groupdict() else []
        return text[began.end() :]


def _cells(row: str) -> list[str]:
    """The XML of each cell after its ``<c``."""
    first, *cells = row.removeprefix(_ROW).split("<c")
    if first or not cells:
        raise NotAsWritten("a row holds something else than cells")
    return cells


def _sheets(archive: zipfile.ZipFile) -> int:
    """How many sheets there are; the last one is the information sheet."""
    names = archive.namelist()
    sheets = len(names) - len(_AROUND)
    expected = {*_AROUND, *(_SHEET.format(number) for number in range(1, sheets + 1))}
    if sheets < 2 or set(names) != expected:
        raise NotAsWritten("the workbook has other parts than one of Tollbook's")
    _check_around(archive, sheets)
    return sheets


def _check_around(archive: zipfile.ZipFile, sheets: int) -> None:
    """Nothing around the rows may hide a sheet or show another one for it."""
    areas = _FILTERED.findall(_text(archive, "xl/workbook.xml"))
    filters = dict(zip(range(sheets - 1), areas, strict=False))
    written = {
        "[Content_Types].xml": parts.content_types(sheets),
        "_rels/.rels": parts.package_relations(),
        "xl/workbook.xml": parts.workbook(parts.sheet_names(sheets), filters),
        "xl/_rels/workbook.xml.rels": parts.workbook_relations(sheets),
    }
    if any(_text(archive, name) != text for name, text in written.items()):
        raise NotAsWritten("the list of its sheets is not as Tollbook writes one")


def _shared_texts(archive: zipfile.ZipFile) -> Sequence[str]:
    found = _ITEMS.fullmatch(_text(archive, _SHARED))
    if found is None or _ITEM.sub("", found["items"]):
        raise NotAsWritten("its table of texts is not as Tollbook writes one")
    texts = _ITEM.findall(found["items"])
    if len(texts) != int(found["count"]):
        raise NotAsWritten("its table of texts has not as many as it says")
    return [] if not texts else unescaped(pl.Series(texts, dtype=pl.String)).to_list()


def _text(archive: zipfile.ZipFile, name: str) -> str:
    return archive.read(name).decode()


def _pair(texts: Sequence[str | None]) -> tuple[str, str]:
    if len(texts) != 2:
        raise NotAsWritten("the information sheet has not two columns")
    label, value = texts
    return label or "", value or ""
