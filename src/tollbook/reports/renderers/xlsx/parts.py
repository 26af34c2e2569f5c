"""The XML parts of a workbook around its rows."""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

import polars as pl

from tollbook.reports.renderers.xlsx.styles import HEADER
from tollbook.reports.renderers.xlsx.text import cut, inline_cells, shared_items
from tollbook.results.columns import Column, Kind
from tollbook.results.row_text import Cell

_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_WIDTHS: Final = {
    Kind.TEXT: 8,
    Kind.INTEGER: 12,
    Kind.BOOLEAN: 8,
    Kind.DATE: 12,
    Kind.TIMESTAMP: 20,
    Kind.DECIMAL: 20,
}
_WIDEST: Final = 60


def content_types(sheets: int) -> str:
    """``[Content_Types].xml``."""
    overrides = [("workbook", "sheet.main")]
    overrides += [(f"worksheets/sheet{number}", "worksheet") for number in range(1, sheets + 1)]
    overrides += [("styles", "styles"), ("sharedStrings", "sharedStrings")]
    return (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(
            f'<Override PartName="/xl/{part}.xml" ContentType="{_TYPE}.{kind}+xml"/>'
            for part, kind in overrides
        )
        + "</Types>"
    )


def package_relations() -> str:
    """``_rels/.rels``."""
    return _relations([("officeDocument", "xl/workbook.xml")])


def workbook_relations(sheets: int) -> str:
    """``xl/_rels/workbook.xml.rels``: the sheets are rId1 and on."""
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, sheets + 1)]
    return _relations([*targets, ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")])


def sheet_names(sheets: int) -> list[str]:
    """What the sheets are called; the last one is the information sheet."""
    return ["Data", *(f"Data {number}" for number in range(2, sheets)), "Information"]


def workbook(names: Sequence[str], filters: Mapping[int, str]) -> str:
    """``xl/workbook.xml``; ``filters`` maps the position of a sheet to the range it can filter."""
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    defined = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{position}" hidden="1">'
        f"'{names[position]}'!{area}</definedName>"
        for position, area in filters.items()
    )
    return (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        "<bookViews><workbookView/></bookViews>"
        f"<sheets>{sheets}</sheets><definedNames>{defined}</definedNames></workbook>"
    )


def sheet_start(columns: Sequence[Column], longest: Mapping[str, int], rows: int) -> str:
    """A data sheet up to its first data row; ``rows`` counts without the header."""
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{_width(column, longest)}" customWidth="1"/>'
        for number, column in enumerate(columns, 1)
    )
    headers = pl.Series([column.header for column in columns], dtype=pl.String)
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><dimension ref="{area(len(columns), rows)}"/>'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
        ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData>{_row(headers, bold=range(len(columns)))}"
    )


def sheet_end(columns: Sequence[Column], rows: int) -> str:
    """A data sheet after its last row."""
    return f'</sheetData><autoFilter ref="{area(len(columns), rows)}"/></worksheet>'


def information_sheet(lines: Sequence[tuple[str, str]]) -> str:
    """A sheet of labels and what they say, all of it text."""
    rows = "".join(_row(pl.Series(line, dtype=pl.String), bold=range(1)) for line in lines)
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><cols>'
        '<col min="1" max="1" width="36" customWidth="1"/>'
        '<col min="2" max="2" width="80" customWidth="1"/>'
        f"</cols><sheetData>{rows}</sheetData></worksheet>"
    )


def shared_strings(texts: Sequence[str]) -> str:
    """``xl/sharedStrings.xml``."""
    items = "".join(_evaluated(shared_items(pl.Series(texts, dtype=pl.String))))
    return f'{_XML}<sst xmlns="{_MAIN}" uniqueCount="{len(texts)}">{items}</sst>'


def area(columns: int, rows: int, *, fixed: bool = False) -> str:
    """The range of a header and ``rows`` rows below it; ``fixed`` with dollar signs."""
    sign = "$" if fixed else ""
    return f"{sign}A{sign}1:{sign}{letters(columns)}{sign}{rows + 1}"


def letters(number: int) -> str:
    """The name of a column: 1 is A, 27 is AA."""
    name = ""
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _row(texts: pl.Series, *, bold: range) -> str:
    cells = _evaluated(inline_cells(cut(texts)[0]))
    return (
        "<row>"
        + "".join(
            cell.replace("<c ", f'<c s="{HEADER}" ', 1) if position in bold else cell
            for position, cell in enumerate(cells)
        )
        + "</row>"
    )


def _width(column: Column, longest: Mapping[str, int]) -> int:
    room = max(_WIDTHS[column.kind], longest.get(column.key, 0) + 1, len(column.header) + 4)
    return min(room, _WIDEST)


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>'


def _evaluated(cells: Cell) -> pl.Series:
    return pl.select(cells.whole()).to_series()
