"""``tollbook verify`` and ``report rows``: equal or not, and what differs, against a server."""

import csv
import gzip
import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from tests.reports.renderers.results import SAMPLE, result_of
from tests.scenarios.house import House
from tollbook.cli import verify
from tollbook.reports.renderers import render_csv, render_xlsx
from tollbook_client import Tollbook

pytestmark = pytest.mark.xdist_group("demo")

OCTOBER = ("-p", "date_from=2026-10-01", "-p", "date_to=2026-10-03")
FORMATS = ("csv", "json", "xlsx", "parquet")


@dataclass(frozen=True)
class Saved:
    """A report of the demo book, downloaded into ``folder`` under the names of the server."""

    uuid: str
    digest: str
    folder: Path

    def file(self, format: str) -> Path:  # noqa: A002
        """The download of that format."""
        return next(self.folder.glob(f"*.{format}"))


@pytest.fixture(scope="module")
def saved(demo: House, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Expenses of two days, in every format."""
    folder = tmp_path_factory.mktemp("downloads")
    with Tollbook(demo.url, demo.key) as book:
        asked = {"date_from": "2026-10-01", "date_to": "2026-10-03"}
        task = book.reports.wait(book.reports.create("ResellerExpenses", asked).uuid)
        for each in FORMATS:
            book.reports.download(task.uuid, each, to=folder)
    return Saved(str(task.uuid), str(task.processing_notes.digest), folder)


def verified(demo: House, *words: str) -> subprocess.CompletedProcess[str]:
    return demo.tollbook("verify", *words, key=demo.key)


def told(demo: House, *words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(verified(demo, *words, "--json").stdout)
    return found


@pytest.mark.long
@pytest.mark.parametrize("format", FORMATS)
def test_a_download_is_equal_by_its_name(format: str, demo: House, saved: Saved) -> None:  # noqa: A002
    done = verified(demo, str(saved.file(format)))

    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.startswith("equal: ")
    assert saved.uuid in done.stdout
    assert saved.digest in done.stdout


def test_a_file_of_another_name_is_known_by_its_rows(
    demo: House, saved: Saved, tmp_path: Path
) -> None:
    renamed = tmp_path / "some.txt.gz"
    renamed.write_bytes(gzip.compress(saved.file("csv").read_bytes()))
    found = told(demo, str(renamed))

    assert (found["equal"], found["uuid"]) == (True, saved.uuid)
    assert (found["form"], found["digest"]) == ("csv", saved.digest)


def changed(path: Path, into: Path, change: Callable[[str], str]) -> Path:
    into.write_text(change(path.read_bytes().decode()), newline="")
    return into


def test_a_digit_that_is_another_is_named_with_its_row_and_column(
    demo: House, saved: Saved, tmp_path: Path
) -> None:
    lines = saved.file("csv").read_bytes().decode().split("\r\n")
    row = next(n for n, line in enumerate(lines) if n > 100 and line.endswith("0,false,,"))
    cells = lines[row].split(",")
    cells[-4] = cells[-4][:-1] + "1"
    lines[row] = ",".join(cells)
    file = tmp_path / saved.file("csv").name
    file.write_text("\r\n".join(lines), newline="")

    done = verified(demo, str(file))
    assert done.returncode == 1
    assert f"row {row:,}, Cost with tax: {cells[-4]} instead of" in done.stdout
    assert "total Cost with tax" in done.stdout
    assert f"instead of {saved.digest}" in done.stdout
    cell = told(demo, str(file))["cell"]
    assert isinstance(cell, dict)
    assert (cell["row"], cell["found"]) == (row, cells[-4])


def test_rows_that_are_missing_are_counted_and_named(
    demo: House, saved: Saved, tmp_path: Path
) -> None:
    file = tmp_path / saved.file("csv").name
    whole = saved.file("csv").read_bytes()
    rows = len(list(csv.reader(io.StringIO(whole.decode(), newline="")))) - 1
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-3]))
    short = verified(demo, str(file))
    file.write_bytes(b"".join(lines)[:-3])
    broken = verified(demo, str(file))

    assert short.returncode == broken.returncode == 1
    assert f"{rows - 3:,} rows instead of {rows:,}" in short.stdout
    assert f"row {rows - 2:,} is missing" in short.stdout
    assert "breaks off in the middle of a line" in broken.stdout


def test_a_file_of_another_report_is_not_this_one(
    demo: House, saved: Saved, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    asked = ("report", "new", "ResellerExpenses", *OCTOBER, "-p", "group_by=client")
    assert demo.tollbook(*asked, "-o", str(other), key=demo.key).returncode == 0

    done = verified(demo, str(other), "--report", saved.uuid)
    assert done.returncode == 1
    assert "the header line: " in done.stdout
    alone = tmp_path / "nobody.csv"
    alone.write_bytes(b"Client\r\nNobody\r\n")
    unknown = verified(demo, str(alone))
    assert unknown.returncode == 1
    assert "no result that your key may see has these rows" in unknown.stderr


def test_an_information_sheet_that_lies_is_found_out(
    demo: House, saved: Saved, tmp_path: Path
) -> None:
    workbook = openpyxl.load_workbook(saved.file("xlsx"))
    again = tmp_path / saved.file("xlsx").name
    workbook.save(again)

    done = verified(demo, str(again))
    assert done.returncode == 1
    assert "the file cannot be read as a download: " in done.stdout


def test_rows_are_shown_and_told_as_json(demo: House, saved: Saved) -> None:
    words = ("report", "rows", saved.uuid, "--columns", "client_id,money_value,for_date")
    order = ("--ordering=-money_value", "--filter", "currency:eq:USD", "--limit", "3")
    plain = demo.tollbook(*words, *order, key=demo.key)
    page = json.loads(demo.tollbook(*words, *order, "--json", key=demo.key).stdout)
    amounts = [Decimal(row["money_value"]) for row in page["results"]]

    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.split()[:3] == ["client_id", "money_value", "for_date"]
    assert f"3 of {page['count']:,} rows" in plain.stderr
    assert amounts == sorted(amounts, reverse=True)
    with Tollbook(demo.url, demo.key) as book:
        rows = list(book.reports.rows(saved.uuid, filters=["currency:eq:USD"]))
    assert len(rows) == page["count"]
    assert max(row["money_value"] for row in rows) == amounts[0]  # type: ignore[type-var]
    refused = demo.tollbook(*words, "--filter", "client:eq:1", key=demo.key)
    assert refused.returncode == 1
    assert "There is no column 'client'" in refused.stderr


def test_a_file_is_verified_by_its_digest_without_a_server(tmp_path: Path) -> None:
    result = result_of(SAMPLE)
    for name, content in (
        ("report.csv", b"".join(render_csv(result))),
        ("report.xlsx", b"".join(render_xlsx(result))),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        words = [str(file), "--digest", result.summary.digest]
        equal = CliRunner().invoke(verify.command, words)
        other = CliRunner().invoke(verify.command, [str(file), "--digest", "0" * 64, "--json"])

        assert (equal.exit_code, equal.stdout[:6]) == (0, "equal:")
        assert other.exit_code == 1
        assert json.loads(other.stdout)["equal"] is False
    assert CliRunner().invoke(verify.command, [str(file), "--digest", "abc"]).exit_code == 2


@pytest.mark.parametrize("texts", [["'=quoted already", "=1+1"], ["'=1", "'@x", "plain"], ["''-x"]])
@pytest.mark.parametrize("raw", [False, True])
def test_texts_that_look_guarded_are_no_sign_of_a_guard(
    tmp_path: Path, texts: list[str], raw: bool
) -> None:
    first, *others = SAMPLE
    result = result_of([*(replaced(first, text) for text in texts), *others])
    file = tmp_path / "report.csv"
    file.write_bytes(b"".join(render_csv(result, raw=raw)))
    words = [str(file), "--digest", result.summary.digest]
    assert CliRunner().invoke(verify.command, words).exit_code == 0
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))
    assert CliRunner().invoke(verify.command, words).exit_code == 1


def replaced(row: tuple[object, ...], text: str) -> tuple[object, ...]:
    return tuple(text if isinstance(each, str) else each for each in row)
