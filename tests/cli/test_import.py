"""``tollbook import`` against a running server: words, files, exit statuses."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.cli.test_report import ok, refusal
from tests.scenarios.house import House

pytestmark = pytest.mark.xdist_group("demo")

HEADER = "record_id,client_id,feature,region,period_start,period_end,amount\n"
START, END = "2029-03-05T10:00:00Z", "2029-03-05T11:00:00Z"


@pytest.fixture(scope="module")
def client_id(demo: House) -> int:
    """A client of the reseller whose key is used."""
    headers = {"Authorization": f"apikey {demo.key}"}
    answer = httpx.get(f"{demo.url}/billing/org/v1/addendums?limit=1", headers=headers, timeout=60)
    [addendum] = answer.json()["results"]
    return int(addendum["client_id"])


def usage_file(folder: Path, client_id: int, *amounts: str, name: str = "usage.csv") -> Path:
    """A file of new records with these amounts."""
    mark = uuid4().hex
    lines = [
        f"{mark}-{number},{client_id},CDN_TRAFFIC,eu,{START},{END},{amount}\n"
        for number, amount in enumerate(amounts)
    ]
    place = folder / name
    place.write_text(HEADER + "".join(lines))
    return place


def told_of(text: str) -> list[dict[str, Any]]:
    found = json.loads(text)
    assert isinstance(found, list)
    return found


def counts(told: dict[str, Any]) -> list[int]:
    return [told[name] for name in ("records_read", "imported", "known", "refused")]


def test_a_file_goes_in_with_its_progress_told_and_again_changes_nothing(
    demo: House, client_id: int, tmp_path: Path
) -> None:
    file = usage_file(tmp_path, client_id, "1.5", "2")
    done = ok(demo, "import", str(file))
    header, row = done.stdout.splitlines()
    assert header.split() == [
        "file",
        "read",
        "imported",
        "known",
        "refused",
        "refused",
        "rows",
        "in",
    ]
    assert row.split() == ["usage.csv", "2", "2", "0", "0"]
    assert "usage.csv is being sent" in done.stderr
    [again] = told_of(ok(demo, "import", str(file), "--json").stdout)
    assert counts(again) == [2, 0, 2, 0]
    assert again["refused_rows"] is None


def test_refused_rows_are_saved_and_the_exit_status_says_that_there_are_some(
    demo: House, client_id: int, tmp_path: Path
) -> None:
    file = usage_file(tmp_path, client_id, "1", "much", "-2")
    target = tmp_path / "refused.csv"
    done = demo.tollbook("import", str(file), "--json", "-o", str(target), key=demo.key)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "tollbook: 2 records were refused"
    [told] = told_of(done.stdout)
    assert counts(told) == [3, 1, 0, 2]
    assert told["refused_rows"] == str(target)
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert [(row["Line"], row["Column"], row["Value"]) for row in rows] == [
        ("3", "amount", "much"),
        ("4", "amount", "'-2"),
    ]


def test_of_several_files_each_has_its_own_refused_rows_in_a_folder(
    demo: House, client_id: int, tmp_path: Path
) -> None:
    files = [
        usage_file(tmp_path, client_id, "1", "x", name=f"{name}.csv") for name in ("one", "two")
    ]
    folder = tmp_path / "refused"
    folder.mkdir()
    words = ("import", *map(str, files), "-o", str(folder), "--format", "json", "--json")
    done = demo.tollbook(*words, key=demo.key)
    assert done.returncode == 1
    assert [Path(told["refused_rows"]).name for told in told_of(done.stdout)] == [
        "one.csv.refused.json",
        "two.csv.refused.json",
    ]
    assert sorted(place.name for place in folder.iterdir()) == [
        "one.csv.refused.json",
        "two.csv.refused.json",
    ]


def test_a_file_that_cannot_be_taken_is_refused_in_one_line(demo: House, tmp_path: Path) -> None:
    file = tmp_path / "usage.csv"
    file.write_text("record_id,color\n1,red\n")
    done = demo.tollbook("import", str(file), "--json", key=demo.key)
    assert done.returncode == 1
    assert done.stdout.strip() == "[]"
    assert "the column 'color' is unknown" in done.stderr.splitlines()[-1]


def test_what_is_no_usage_file_by_its_name_is_not_sent(
    demo: House, client_id: int, tmp_path: Path
) -> None:
    file = tmp_path / "usage.xlsx"
    file.write_bytes(b"")
    done = demo.tollbook("import", str(file), key=demo.key)
    assert done.returncode == 1
    assert "usage.xlsx: a usage file ends with .csv" in done.stderr
    other = usage_file(tmp_path, client_id, "1")
    said = refusal(demo, "import", str(other), str(other), "-o", str(tmp_path / "none.csv"))
    assert "is no folder, and there are 2 files" in said
