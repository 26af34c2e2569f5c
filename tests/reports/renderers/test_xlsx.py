"""Workbooks as other programs read them."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from openpyxl.workbook import Workbook
from python_calamine import CalamineWorkbook

from tests.reports.renderers.results import (
    COLUMNS,
    ODD_TEXTS,
    ROWS,
    SAMPLE,
    repeated,
    result_of,
)
from tollbook.reports.renderers.xlsx import render_xlsx
from tollbook.reports.renderers.xlsx.cells import SharedStrings, SheetRows
from tollbook.reports.renderers.xlsx.styles import Styles
from tollbook.reports.renderers.xlsx.text import CUT_MARK, LONGEST_TEXT
from tollbook.reports.renderers.xlsx.workbook import may_reach_zip64
from tollbook.results.columns import MONEY, TIMESTAMP, Column
from tollbook.results.result_file import ResultFile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEXT = (Column("text", "Text", pa.string()),)
NUMBER = (Column("number", "Number", pa.int64()),)
FIRST_COUNTED_DAY = date(1900, 3, 1)


def rendered(result: ResultFile, **options: Any) -> bytes:
    return b"".join(render_xlsx(result, **options))


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def unescaped(text: str) -> str:
    """As Excel reads ``_xHHHH_``."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def numbers_in(content: bytes) -> list[str]:
    """The number cells of the first sheet, digit by digit as they stand in the file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    cells = [cell for cell in sheet.iter(f"{MAIN}c") if cell.get("t") is None]
    return [cell.findtext(f"{MAIN}v") or "" for cell in cells if len(cell)]


def expected(value: Any) -> Any:
    """What openpyxl gives for a value: its float, no zone, text for days Excel cannot count."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        counted = value.date() >= FIRST_COUNTED_DAY
        return value.replace(tzinfo=None) if counted else value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return datetime(*value.timetuple()[:3]) if value >= FIRST_COUNTED_DAY else value.isoformat()  # noqa: DTZ001
    return value


def same(found: Any, value: Any) -> bool:
    wanted = expected(value)
    if isinstance(wanted, str):
        own_reading = "_x" in wanted  # openpyxl drops every "x005F_", calamine reads it right
        return isinstance(found, str) and (unescaped(found) == wanted or own_reading)
    if isinstance(wanted, datetime) and isinstance(found, datetime):
        return abs(found - wanted).total_seconds() <= 0.001  # openpyxl rounds to milliseconds
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)


def test_a_known_result_is_this_sheet() -> None:
    sheet = opened(rendered(result_of(SAMPLE)))["Data"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Client", "=Note", "Expense", "Deleted", "Day", "Created", "Cost", "Tax, %"],
        ["Ünal, Ltd", "=1+1", 7, True, datetime(2026, 10, 1), datetime(2026, 10, 1), 1234.5, 20],  # noqa: DTZ001
        ["Ünal, Ltd", None, -1, False, "1899-12-31",
         datetime(2026, 10, 1, 23, 59, 59, 123000), -1e-12, 0.0001],  # noqa: DTZ001
        [None, "", None, None, None, None, None, None],
    ]  # fmt: skip
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "b", "d"}


def test_cells_have_the_formats_of_their_kinds_and_the_header_stays_in_view() -> None:
    sheet = opened(rendered(result_of(SAMPLE)))["Data"]
    assert [cell.number_format.replace("\\", "") for cell in sheet[2]] == [
        "General",
        "General",
        "0",
        "General",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm:ss",
        "#,##0.00##########",
        "#,##0.00##",
    ]
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:H4"
    assert sheet.column_dimensions["G"].width == 20


def test_the_information_sheet_says_what_the_data_are() -> None:
    told = {"information": [["Template", "=Sample"], ["Period", "2026-10"]]}
    result = result_of(SAMPLE, metadata=told, totals=["cost"], currency="client")
    rows = opened(rendered(result))["Information"].iter_rows(values_only=True)
    lines = {str(label): value for label, value in rows}
    assert lines["Template"] == "=Sample"
    assert lines["Rows"] == "3"
    assert lines["Digest (SHA-256 of the CSV)"] == result.summary.digest
    assert lines["Total Cost Ünal, Ltd"] == "1234.499999999999"
    assert lines["Times"] == "UTC"
    assert lines["Cost"] == "What the client pays."


@given(ROWS)
def test_openpyxl_reads_back_every_value(rows: list[Sequence[Any]]) -> None:
    for given_rows in (rows, repeated(rows)):
        sheet = opened(rendered(result_of(given_rows)))["Data"]
        found = list(sheet.iter_rows(min_row=2, max_col=len(COLUMNS), values_only=True))
        assert len(found) == len(given_rows) or not any(map(any, given_rows))
        for cells, row in zip(found, given_rows, strict=False):
            assert all(map(same, cells, row)), (cells, row)


@given(ROWS)
def test_calamine_reads_back_every_text(rows: list[Sequence[Any]]) -> None:
    content = rendered(result_of(rows))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("Data")
    found = sheet.to_python(skip_empty_area=False)[1:]
    assert not any(any(row) for row in rows[len(found) :])
    for cells, row in zip(found, rows, strict=False):
        for cell, value in zip(cells[:2], row[:2], strict=True):
            unread = {"\ufffe", "\uffff"} & set(value or "")
            assert cell == (value or "") or unread


@given(ROWS)
def test_every_digit_of_every_number_is_in_the_file(rows: list[Sequence[Any]]) -> None:
    numbers = [value for row in rows for value in (row[2], row[6], row[7]) if value is not None]
    only_numbers = [(None, None, row[2], None, None, None, row[6], row[7]) for row in rows]
    found = numbers_in(rendered(result_of(only_numbers)))
    assert found == [
        format(number, "f") if isinstance(number, Decimal) else str(number) for number in numbers
    ]


def test_a_time_is_its_day_and_fraction_to_the_twelfth_decimal() -> None:
    moments = [
        datetime(1900, 3, 1, tzinfo=UTC),
        datetime(2026, 10, 1, 12, tzinfo=UTC),
        datetime(2026, 10, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 10, 1, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ]
    columns = (Column("at", "At", TIMESTAMP),)
    assert numbers_in(rendered(result_of([(moment,) for moment in moments], columns))) == [
        "61.000000000000",
        "46296.500000000000",
        "46296.000000000012",
        "46296.999999999988",
        "2958465.999988425926",
    ]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1900, 2, 28, 23, 59, 59, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
    ],
)
def test_times_that_excel_cannot_count_are_iso_text(moment: datetime) -> None:
    sheet = opened(rendered(result_of([(moment,)], [Column("at", "At", TIMESTAMP)])))["Data"]
    assert sheet["A2"].value == moment.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("times", [1, 8], ids=["inline", "shared"])
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_an_odd_text_stays_itself_and_is_no_formula(text: str, times: int) -> None:
    content = rendered(result_of([(text,)] * times, TEXT))
    cell = opened(content)["Data"]["A2"]
    assert "_x" in text or unescaped(cell.value) == text
    assert cell.data_type == "s"
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("Data")
    assert sheet.to_python(skip_empty_area=False)[1:] == [[text]] * times


@pytest.mark.parametrize("times", [1, 8], ids=["inline", "shared"])
def test_a_text_too_long_for_a_cell_is_cut_with_a_mark_and_a_note(times: int) -> None:
    fits, too_long = "é" * LONGEST_TEXT, "😀" * (LONGEST_TEXT // 2 + 1)
    workbook = opened(rendered(result_of([(fits,), (too_long,)] * times, TEXT)))
    assert workbook["Data"]["A2"].value == fits
    cut = workbook["Data"]["A3"].value
    kept = cut.removesuffix(CUT_MARK)
    assert cut != kept
    assert too_long.startswith(kept)
    assert LONGEST_TEXT - 1 <= len(cut.encode("utf-16-le")) // 2 <= LONGEST_TEXT
    notes = dict(workbook["Information"].iter_rows(values_only=True))
    assert notes["Texts cut to what a cell holds"] == "Text: whole in CSV, JSON and Parquet"


@pytest.mark.parametrize(
    ("rows", "sizes"), [(0, [0]), (4, [4]), (5, [5]), (6, [5, 1]), (23, [5, 5, 5, 5, 3])]
)
def test_rows_past_what_a_sheet_holds_go_on_in_another(rows: int, sizes: list[int]) -> None:
    result = result_of([(number,) for number in range(rows)], NUMBER)
    content = rendered(result, rows_per_sheet=5)
    workbook = opened(content)
    assert workbook.sheetnames == [
        "Data", *(f"Data {number}" for number in range(2, len(sizes) + 1)), "Information",
    ]  # fmt: skip
    sheets = [workbook[name] for name in workbook.sheetnames[:-1]]
    found = [[cell for (cell,) in sheet.iter_rows(values_only=True)] for sheet in sheets]
    assert [cell for cells in found for cell in cells[1:]] == list(range(rows))
    assert [len(cells) - 1 for cells in found] == sizes
    assert all(cells[0] == "Number" for cells in found)
    assert [sheet.auto_filter.ref for sheet in sheets] == [f"A1:A{size + 1}" for size in sizes]
    assert all(sheet.freeze_panes == "A2" for sheet in sheets)
    calamine = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert calamine.sheet_names == workbook.sheetnames


def test_texts_beyond_the_table_of_shared_strings_stand_in_their_cells() -> None:
    style = SheetRows(Styles(TEXT), SharedStrings(room=3))
    cells = style.repeated(TEXT[0], pl.Series(["abc", "<d>", None]))
    assert cells.to_list() == [
        '<c t="s"><v>0</v></c>',
        '<c t="inlineStr"><is><t>&lt;d&gt;</t></is></c>',
        "<c/>",
    ]


def test_a_table_of_shared_strings_that_is_full_still_knows_its_own() -> None:
    shared = SharedStrings(room=3)
    assert [shared.index(text) for text in ("abc", "d", "abc")] == [0, None, 0]


def test_excel_is_told_the_parts_and_a_type_sniffer_sees_a_workbook_at_once() -> None:
    content = rendered(result_of(SAMPLE))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        types = archive.read("[Content_Types].xml").decode()
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in names:
            ET.fromstring(archive.read(name))  # noqa: S314
    assert names[:2] == ["[Content_Types].xml", "_rels/.rels"]
    for name in names[2:]:
        assert f"/{name}" in types or name.endswith(".rels")
    for target in re.findall('Target="([^"]+)"', relations):
        assert f"xl/{target}" in names


def test_only_sheets_that_may_reach_4_gib_are_announced_as_zip64() -> None:
    result = result_of(SAMPLE)
    assert not may_reach_zip64(result, 3)
    assert may_reach_zip64(result, 50_000_000)


def test_a_workbook_announced_as_zip64_is_read_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tollbook.reports.renderers.xlsx.workbook.ZIP64_FROM", 0)
    content = rendered(result_of(SAMPLE))
    assert opened(content)["Data"]["C2"].value == 7
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("Data")
    assert sheet.to_python()[1][2] == 7


def test_columns_past_z_are_named_as_excel_names_them() -> None:
    columns = [Column(f"c{number}", f"C{number}", MONEY) for number in range(30)]
    sheet = opened(rendered(result_of([[Decimal(1)] * 30], columns)))["Data"]
    assert sheet.auto_filter.ref == "A1:AD2"
    assert sheet.max_column == 30
