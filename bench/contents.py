"""Reads what the contenders wrote back to values, to see that all made the same report."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineWorkbook

from bench.span import PATHS
from tollbook.results.columns import Column, Kind

type_of_row = tuple[object, ...]

_SPREADSHEET_NOISE: Final = Decimal("1e-14")
"""Relative: a spreadsheet's reader keeps about 15 digits."""
_FEW: Final = 0.05
"""Texts in a row, on average, that a writer may change and still have made the same report."""
_MAY_RUN: Final = ("=", "+", "-", "@", "\t", "\r")


class ContentsDiffer(Exception):
    """Two contenders did not make the same report."""


def check_same(
    name: str, expected: Sequence[type_of_row], found: Sequence[type_of_row], *, noise: Decimal
) -> int:
    """Raise where the rows are not the same in the same order, amounts within ``noise``.

    Some writers change odd texts; the number of such cells is returned, more than a few raise.
    """
    if len(expected) != len(found):
        raise ContentsDiffer(f"{name} has {len(found)} rows, not {len(expected)}")
    changed = 0
    for one, other in zip(expected, found, strict=True):
        for cell, its_cell in zip(one, other, strict=True):
            if isinstance(cell, str):
                changed += cell != its_cell
            elif not _near(noise, cell, its_cell):
                raise ContentsDiffer(f"{name} has {other}, not {one}")
    if changed > len(expected) * _FEW:
        raise ContentsDiffer(f"{name} changed {changed} texts in {len(expected)} rows")
    return changed


def noise_of(file: Path) -> Decimal:
    """How far an amount may be from the true one, relatively, after reading ``file``."""
    return _SPREADSHEET_NOISE if file.suffix == ".xlsx" else Decimal(0)


def read_rows(file: Path, columns: Sequence[Column]) -> list[type_of_row]:
    """The rows of a CSV, JSON or XLSX file, each cell as the column's kind has it.

    Times are cut to seconds; a guard against formulas is taken off.
    """
    rows = _READERS[file.suffix](file, columns)
    return [
        tuple(_VALUES[column.kind](cell) for column, cell in zip(columns, row, strict=True))
        for row in rows
    ]


def _near(noise: Decimal, one: object, other: object) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return abs(one - other) <= abs(one) * noise
    return one == other


def _csv_rows(file: Path, _: Sequence[Column]) -> Iterator[Sequence[Any]]:
    with file.open(encoding="utf-8", newline="") as opened:
        reader = csv.reader(opened)
        next(reader)
        yield from reader


def _json_rows(file: Path, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    found = json.loads(file.read_bytes())
    if isinstance(found, dict):
        yield from found["rows"]
        return
    for record in found:
        yield [_from_record(record, column) for column in columns]


def _from_record(record: dict[str, Any], column: Column) -> Any:
    flat = record.get(column.key, record)
    if not isinstance(flat, dict):
        return flat
    value: Any = record
    for name in PATHS[column.key].split("__"):
        value = value and value[name]
    return value


def _xlsx_rows(file: Path, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    sheet = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0)
    for row in sheet.to_python()[1:]:
        yield [*row, *[""] * (len(columns) - len(row))]


def _text(cell: Any) -> str | None:
    if cell in {None, ""}:
        return None
    text = str(cell)
    return text[1:] if text[0] == "'" and text.lstrip("'").startswith(_MAY_RUN) else text


def _integer(cell: Any) -> int | None:
    return None if cell in {None, ""} else int(cell)


def _boolean(cell: Any) -> bool | None:
    return None if cell in {None, ""} else str(cell).lower() in {"true", "1", "1.0"}


def _day(cell: Any) -> date | None:
    if cell in {None, ""}:
        return None
    return cell if type(cell) is date else date.fromisoformat(str(cell)[:10])


def _moment(cell: Any) -> datetime | None:
    if cell in {None, ""}:
        return None
    moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell))
    return moment.replace(tzinfo=moment.tzinfo or UTC, microsecond=0)


def _amount(cell: Any) -> Decimal | None:
    if cell in {None, ""}:
        return None
    return Decimal(str(cell))


_READERS: Final[Mapping[str, Callable[[Path, Sequence[Column]], Iterator[Sequence[Any]]]]] = {
    ".csv": _csv_rows,
    ".json": _json_rows,
    ".xlsx": _xlsx_rows,
}
_VALUES: Final[Mapping[Kind, Callable[[Any], object]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _day,
    Kind.TIMESTAMP: _moment,
    Kind.DECIMAL: _amount,
}
