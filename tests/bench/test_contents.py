"""The look at what contenders wrote: equal reports pass, and unequal ones do not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from bench.contents import ContentsDiffer, check_same, noise_of, read_rows
from openpyxl import Workbook

from tollbook.results.columns import MONEY, TIMESTAMP, Column

COLUMNS = (
    Column("id", "ID", pa.int64()),
    Column("day", "Day", pa.date32()),
    Column("moment", "Moment", TIMESTAMP),
    Column("name", "Name", pa.string()),
    Column("deleted", "Deleted", pa.bool_()),
    Column("amount", "Amount", MONEY),
)
ROW = (
    7,
    date(2026, 8, 1),
    datetime(2026, 8, 1, 12, tzinfo=UTC),
    '=a, "b"',
    False,
    Decimal("12345678901234.123456789012"),
)
EXACT = Decimal(0)


def test_csv_and_json_of_any_maker_come_back_as_the_same_values(tmp_path: Path) -> None:
    ours, theirs, nested = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.json"
    heads = "ID,Day,Moment,Name,Deleted,Amount\r\n"
    ours.write_text(
        heads + '7,2026-08-01,2026-08-01T12:00:00Z,"\'=a, ""b""",false,'
        "12345678901234.123456789012\r\n"
    )
    theirs.write_text(
        heads + '7,2026-08-01,2026-08-01 12:00:00+00:00,"=a, ""b""",False,'
        "12345678901234.123456789012\r\n"
    )
    nested.write_text(
        '[{"id": 7, "day": "2026-08-01", "moment": "2026-08-01T12:00:00Z", "name": "=a, \\"b\\"",'
        ' "deleted": false, "amount": "12345678901234.123456789012"}]'
    )
    for file in (ours, theirs, nested):
        assert read_rows(file, COLUMNS) == [ROW]


def test_xlsx_comes_back_within_the_digits_that_its_reader_keeps(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append([column.header for column in COLUMNS])
    sheet.append([7, ROW[1], ROW[2].replace(tzinfo=None), "'" + ROW[3], False, ROW[5]])
    file = tmp_path / "a.xlsx"
    workbook.save(file)
    rows = read_rows(file, COLUMNS)
    assert check_same("openpyxl", [ROW], rows, noise=noise_of(file)) == 0
    with pytest.raises(ContentsDiffer):
        check_same("openpyxl", [ROW], rows, noise=EXACT)


def test_one_wrong_digit_is_seen() -> None:
    wrong = (*ROW[:-1], Decimal("12345678901234.123456789013"))
    with pytest.raises(ContentsDiffer, match="x has"):
        check_same("x", [ROW], [wrong], noise=EXACT)


def test_a_lost_row_is_seen() -> None:
    with pytest.raises(ContentsDiffer, match="x has 1 rows, not 2"):
        check_same("x", [ROW, ROW], [ROW], noise=EXACT)


def test_odd_texts_that_a_writer_changes_are_counted_until_they_are_many() -> None:
    changed = (*ROW[:3], "other", *ROW[4:])
    assert check_same("x", [ROW] * 100, [*[ROW] * 99, changed], noise=EXACT) == 1
    with pytest.raises(ContentsDiffer, match="changed 100 texts"):
        check_same("x", [ROW] * 100, [changed] * 100, noise=EXACT)
