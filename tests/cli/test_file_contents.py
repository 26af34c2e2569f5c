"""The reader of downloaded files, against files that other libraries wrote."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from types import FunctionType
from zipfile import BadZipFile

import openpyxl
import pytest

from tollbook.cli import file_contents
from tollbook.cli.file_contents import FileContents, read_contents

Write = FunctionType
HEADERS = ["Client", "Currency", "Cost"]
ROWS = [
    ['a "quoted", name', "USD", "12345678901234567890.123456789012"],
    ["two\nlines <&> ]}", "EUR", "-0.000000000001"],
    ["=1+1 \\", "USD", "0.000000000001"],
]
EXPECTED = FileContents(
    3, {"EUR": Decimal("-0.000000000001"), "USD": Decimal("12345678901234567890.123456789013")}
)


def write_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([HEADERS, *ROWS])


def write_json(path: Path) -> None:
    path.write_text(json.dumps({"headers": HEADERS, "rows": ROWS}, indent=1))


def write_xlsx(path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in [HEADERS, *ROWS]:
        workbook.worksheets[0].append(row)
    workbook.create_sheet("Information").append(["Rows", "3"])
    workbook.save(path)


def written(write: Write, folder: Path) -> Path:
    path = folder / f"file.{write.__name__.removeprefix('write_')}"
    write(path)
    return path


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize("write", [write_csv, write_json, write_xlsx])
def test_rows_and_exact_sums_are_found(
    write: Write, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_contents, "_CHUNK", chunk)
    path = written(write, tmp_path)
    assert read_contents(path, amount="Cost", currency="Currency") == EXPECTED


@pytest.mark.parametrize(("write", "kind"), [(write_json, ValueError), (write_xlsx, BadZipFile)])
def test_a_cut_off_file_is_no_file(write: Write, kind: type[Exception], tmp_path: Path) -> None:
    path = written(write, tmp_path)
    path.write_bytes(path.read_bytes()[:-35])
    with pytest.raises(kind):
        read_contents(path, amount="Cost", currency="Currency")
