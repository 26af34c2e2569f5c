"""Records on their way into the lake: all of them, in files of a day that are closed in time."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tollbook.usage import spilled, staged_files, staging
from tollbook.usage.prints import PRINT_SCHEMA, frame_of
from tollbook.usage.records import USAGE_SCHEMA
from tollbook.usage.staging import Staging

FIRST = date(2026, 10, 1)


def good(first: int, rows: int, days: list[int]) -> pl.DataFrame:
    """Records whose days take turns."""
    numbers = range(first, first + rows)
    begin = [
        datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=days[number % len(days)])
        for number in numbers
    ]
    table = frame_of(USAGE_SCHEMA.empty_table())
    return pl.DataFrame(
        {
            "record_id": [f"r-{number}" for number in numbers],
            "client_id": [7] * rows,
            "feature_id": [1] * rows,
            "region_id": [2] * rows,
            "addendum_id": [None] * rows,
            "resource_id": [None] * rows,
            "period_start": begin,
            "period_end": [moment + timedelta(hours=1) for moment in begin],
            "amount": [Decimal(number) for number in numbers],
            "line": list(numbers),
        },
        schema_overrides={**table.schema, "line": pl.Int64},
    )


def prints(rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {name: list(range(rows)) for name in PRINT_SCHEMA.names},
        schema=dict.fromkeys(PRINT_SCHEMA.names, pl.UInt64),
    )


def staged(folder: Path, pieces: list[list[int]], rows: int = 60) -> Staging:
    """A staging that got one piece after another, each of some days."""
    found = Staging(folder)
    for number, days in enumerate(pieces):
        found.add(good(number * rows, rows, days), prints(rows))
    found.close()
    return found


def contents(found: Staging) -> list[str]:
    """The ids in all files, in the order of the numbers in them."""
    ids = [
        each for file in found.files for each in pq.read_table(file.path)["record_id"].to_pylist()
    ]
    return sorted(ids, key=lambda each: int(each[2:]))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a few records reach."""
    for module, name, value in (
        (staging, "ROW_GROUP", 20),
        (staged_files, "ROW_GROUP", 20),
        (staged_files, "_MOST_WAITING", 50),
        (spilled, "_MOST_WAITING", 70),
        (spilled, "_GROUP_FILES", 2),
        (staging, "_MOST_OPEN", 3),
        (staging, "_MOST_GROUPS", 4),
        (staging, "_MOST_IDLE", 2),
        (staging, "_MOST_SPILLED", 80),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "pieces",
    [
        [[0]] * 9,
        [[day] for day in range(9)],
        [[0, 1, 2, 3, 4]] * 5,
        [[0], [1], [1], [1], [0], [2, 0], [5], [0]],
        [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] * 3,
        [[0, 1, 2, 3, 4, 5, 6]] * 3 + [[7]] * 5 + [[0, 1, 2, 3, 4]] * 3,
    ],
    ids=[
        "one day",
        "day by day",
        "more days than files",
        "days that come again",
        "days that come again and again",
        "one day between many",
    ],
)
def test_every_record_is_in_one_file_of_its_day(tmp_path: Path, pieces: list[list[int]]) -> None:
    found = staged(tmp_path, pieces)
    assert contents(found) == [f"r-{number}" for number in range(60 * len(pieces))]
    for file in found.files:
        table = pq.read_table(file.path)
        assert len(table) == file.rows
        assert {moment.date() for moment in table["period_start"].to_pylist()} == {file.day}
        assert pq.read_metadata(file.path).num_row_groups < 4 + 60 / 20


@pytest.mark.usefixtures("small")
def test_prints_tell_file_and_row_of_each_record(tmp_path: Path) -> None:
    found = staged(tmp_path, [[0, 1], [2], [2], [2], [0, 1, 3, 4, 5], [5, 4, 3, 2, 1, 0]])
    rows = pl.concat([part for _, part in found.prints.parts()])
    assert len(rows) == 360
    by_file = {file.number: pq.read_table(file.path) for file in found.files}
    for line, number, row in rows.select("line", "file", "row").iter_rows():
        assert by_file[number]["record_id"][row].as_py() == f"r-{line}"


@pytest.mark.usefixtures("small")
def test_a_day_that_is_over_keeps_no_file_open(tmp_path: Path) -> None:
    found = Staging(tmp_path)
    for number, day in enumerate([0, 0, 1, 1, 1, 1]):
        found.add(good(number * 10, 10, [day]), prints(10))
    assert [file.day for file in found._open] == [FIRST + timedelta(days=1)]
    found.close()
    assert [file.rows for file in found.files] == [20, 40]


@pytest.mark.parametrize(
    "pieces",
    [[list(range(days))] * 3 for days in (60, 365)]
    + [[list(range(first, first + 90)) for first in range(0, 360, 90)] * 3],
    ids=["two months", "a year", "a year of each client"],
)
def test_there_is_one_file_for_a_day_in_whichever_order_records_stand(
    tmp_path: Path, pieces: list[list[int]]
) -> None:
    found = staged(tmp_path, pieces, rows=400)
    days = {day for piece in pieces for day in piece}
    assert sorted(file.day for file in found.files) == [
        FIRST + timedelta(days=n) for n in sorted(days)
    ]
    assert contents(found) == [f"r-{number}" for number in range(400 * len(pieces))]
    assert {path.suffix for path in tmp_path.iterdir()} == {".parquet", ".arrow"}
    assert list(tmp_path.glob("spilled*")) == []


def test_of_many_days_few_files_are_open(tmp_path: Path) -> None:
    found = Staging(tmp_path)
    for number in range(3):
        found.add(good(number * 400, 400, list(range(365))), prints(400))
        assert len(found._open) == 32
    found.close()


def test_work_that_is_not_wanted_stops_between_spilled_records(tmp_path: Path) -> None:
    class Unwanted(Exception):
        pass

    def stop() -> None:
        raise Unwanted

    found = Staging(tmp_path)
    found.add(good(0, 400, list(range(365))), prints(400))
    with pytest.raises(Unwanted):
        found.close(stop)
