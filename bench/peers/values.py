"""``.values_list()`` and a writer from the standard library or PyPI."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from xlsxwriter import Workbook as XlsxWorkbook

from bench.peers.rows import chosen_values
from bench.span import Span
from tollbook.results.columns import Column

_AT_ONCE: Final = 5_000
_XLSXWRITER_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
}


def write_csv(span: Span, columns: Sequence[Column], file: Path) -> None:
    """The csv module, row by row."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(column.header for column in columns)
        writer.writerows(_rows(span, columns))


def write_openpyxl(span: Span, columns: Sequence[Column], file: Path) -> None:
    """openpyxl's write-only workbook."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append([column.header for column in columns])
    for row in _rows(span, columns):
        sheet.append([_cell(sheet, value) for value in row])
    workbook.save(file)


def write_xlsxwriter(span: Span, columns: Sequence[Column], file: Path) -> None:
    """XlsxWriter in constant memory."""
    with XlsxWorkbook(str(file), _XLSXWRITER_OPTIONS) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, [column.header for column in columns])
        for number, row in enumerate(_rows(span, columns), start=1):
            sheet.write_row(number, 0, row)


def _rows(span: Span, columns: Sequence[Column]) -> Iterator[tuple[object, ...]]:
    return chosen_values(span, columns).iterator(chunk_size=_AT_ONCE)


def _cell(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    """Excel knows no time zones; openpyxl refuses control characters and runs formulas."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
        if value.startswith(("=", "#")):
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"
            return cell
    return value
