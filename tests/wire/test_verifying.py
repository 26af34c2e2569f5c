"""``tollbook verify`` over a real socket: what is equal, and what it says of what is not."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from pytest_django.live_server_helper import LiveServer

from tests.wire.book import COLUMNS, ROWS, Callers, finished_report
from tollbook.cli import verify
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.reports.renderers.xlsx.text import LONGEST_TEXT
from tollbook.results.result_writer import ResultWriter
from tollbook_client import Tollbook

NOTES = {
    "rows": 3,
    "totals": {"": {"money_value": "12345678901234567890.023456789012"}},
    "total_columns": {"currency": None, "amounts": {"money_value": "Cost"}},
    "column_kinds": [column.kind.value for column in COLUMNS],
}
AMOUNT = "12345678901234567890.123456789012"
OTHER_AMOUNT = "12345678901234567890.123456789013"
FORMATS = ("csv", "json", "xlsx", "parquet")


@dataclass(frozen=True)
class Bench:
    """A server, the key of the admin of North, and a folder for downloads."""

    url: str
    key: str
    folder: Path

    def verify(self, file: Path, *words: str) -> Result:
        told = ["--url", self.url, "--key", self.key, "--json"]
        return CliRunner().invoke(verify.command, [str(file), *told, *words])

    def saved(self, task: FileTask, format: str, *, raw: bool = False) -> Path:  # noqa: A002
        with Tollbook(self.url, self.key) as book:
            tasks = book.closings if task.task_type == "ClosingPeriod" else book.reports
            done = tasks.download(task.uuid, format, to=self.folder, raw=raw)
        assert done.path is not None
        return done.path


@pytest.fixture
def bench(
    transactional_db: Any, live_server: LiveServer, callers: Callers, tmp_path: Path
) -> Bench:
    """Where all of it is."""
    return Bench(live_server.url, callers.admin.removeprefix("apikey "), tmp_path)


@pytest.fixture
def report(bench: Bench, callers: Callers) -> FileTask:
    """A finished report whose notes tell what it holds."""
    return noted(finished_report(callers.book.admin))


def noted(task: FileTask) -> FileTask:
    task.processing_notes = {**NOTES, "digest": task.result_digest}
    task.save()
    return task


def verdict(done: Result) -> dict[str, Any]:
    """What was told, after what the server of the same process has logged."""
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{\n") :])
    assert found["equal"] is (done.exit_code == 0)
    return found


@pytest.mark.parametrize("format", FORMATS)
def test_a_download_is_equal(format: str, bench: Bench, report: FileTask) -> None:  # noqa: A002
    found = verdict(bench.verify(bench.saved(report, format)))

    assert found["equal"], found
    assert (found["form"], found["uuid"], found["rows"]) == (format, str(report.uuid), 3)
    assert found["digest"] == report.result_digest
    assert found["totals"] == {"": {"Cost": "12345678901234567890.023456789012"}}


def test_a_raw_csv_and_a_file_of_any_name_are_equal_too(bench: Bench, report: FileTask) -> None:
    raw = verdict(bench.verify(bench.saved(report, "csv", raw=True)))
    renamed = bench.saved(report, "json").rename(bench.folder / "renamed")
    found = verdict(bench.verify(renamed))

    assert (raw["equal"], raw["form"]) == (True, "raw csv")
    assert (found["equal"], found["uuid"]) == (True, str(report.uuid))


CHANGES: list[tuple[str, bool, Callable[[bytes], bytes], list[str]]] = [
    (
        "csv",
        False,
        lambda content: content.replace(AMOUNT.encode(), OTHER_AMOUNT.encode()),
        [f"row 1, Cost: {OTHER_AMOUNT} instead of {AMOUNT}", "digest ", "total Cost "],
    ),
    (
        "csv",
        True,
        lambda content: content.replace(b"Brook", b"brook"),
        ["row 2, Client: brook instead of Brook", "digest "],
    ),
    (
        "json",
        False,
        lambda content: content.replace(b"-2,", b"-3,"),
        ["row 2, Count: -3 instead of -2", "digest "],
    ),
    (
        "csv",
        False,
        lambda content: b"".join(content.splitlines(keepends=True)[:-1]),
        ["row 3 is missing: ,,,", "2 rows instead of 3", "digest "],
    ),
    (
        "csv",
        False,
        lambda content: content.replace(b"Client,", b"Customer,"),
        ["the header line, column 1: Customer instead of Client", "digest "],
    ),
    ("csv", False, lambda content: content[:-1], ["the file cannot be read as a download: "]),
    ("json", False, lambda content: content[:-1], ["the file cannot be read as a download: "]),
    ("xlsx", False, lambda content: content[:-9], ["the file cannot be read as a download: "]),
    ("parquet", False, lambda content: content[:-9], ["the file cannot be read as a download: "]),
    (
        "json",
        False,
        lambda content: json.dumps(json.loads(content)).encode(),
        ["the file cannot be read as a download: "],
    ),
]


@pytest.mark.long
@pytest.mark.parametrize(("format", "raw", "change", "says"), CHANGES)
def test_what_differs_is_named(
    format: str,  # noqa: A002
    raw: bool,
    change: Callable[[bytes], bytes],
    says: list[str],
    bench: Bench,
    report: FileTask,
) -> None:
    file = bench.saved(report, format, raw=raw)
    file.write_bytes(change(file.read_bytes()))
    found = verdict(bench.verify(file))

    assert not found["equal"]
    assert len(found["differences"]) == len(says)
    for told, said in zip(found["differences"], says, strict=True):
        assert told.startswith(said)


def test_an_expired_result_is_verified_by_digest_rows_and_totals(
    bench: Bench, report: FileTask
) -> None:
    file = bench.saved(report, "csv")
    past = datetime.now(UTC) - timedelta(days=1)
    FileTask.objects.filter(pk=report.pk).update(result_expires_at=past)
    equal = verdict(bench.verify(file))
    file.write_bytes(file.read_bytes().replace(AMOUNT.encode(), OTHER_AMOUNT.encode()))
    other = verdict(bench.verify(file))

    assert equal["equal"]
    assert [told.partition(" ")[0] for told in other["differences"]] == ["digest", "total"]
    assert other["notes"][0].startswith("where it differs cannot be shown: ")


def test_a_result_that_was_changed_where_it_is_kept_proves_nothing(
    bench: Bench, report: FileTask
) -> None:
    rows = {**ROWS, "money_value": [Decimal(OTHER_AMOUNT), *ROWS["money_value"][1:]]}
    changed = finished_report_file(rows)
    with result_store().writing(report.result_key) as file:
        file.write(changed)
    found = verdict(bench.verify(bench.saved(report, "csv")))

    assert not found["equal"]
    assert found["notes"] == ["the result that the server keeps is not what its books say"]


def finished_report_file(rows: dict[str, list[Any]]) -> bytes:
    """The file of a result with other rows."""
    sink = io.BytesIO()
    with ResultWriter(sink, COLUMNS, {}) as writer:
        table = pa.table({c.key: pa.array(rows[c.key], c.type) for c in COLUMNS})
        for batch in table.to_batches():
            writer.write(batch)
    return sink.getvalue()


def test_texts_that_a_workbook_cuts_are_looked_up_in_the_result(
    bench: Bench, callers: Callers
) -> None:
    rows = {**ROWS, "company_name": ["x" * (LONGEST_TEXT + 1), "Brook", None]}
    task = noted(finished_report(callers.book.admin, rows))
    file = bench.saved(task, "xlsx")
    kept = verdict(bench.verify(file))
    past = datetime.now(UTC) - timedelta(days=1)
    FileTask.objects.filter(pk=task.pk).update(result_expires_at=past)
    expired = verdict(bench.verify(file))

    assert kept["equal"], kept
    assert kept["notes"] == [
        "texts longer than a cell of a workbook holds are cut, all else is equal"
    ]
    assert not expired["equal"]


def test_closings_are_verified_and_what_nobody_made_is_refused(
    bench: Bench, callers: Callers
) -> None:
    closing = noted(finished_report(callers.book.admin, task_type="ClosingPeriod", template=""))
    found = verdict(bench.verify(bench.saved(closing, "csv")))
    file = bench.folder / "nobody.csv"
    file.write_bytes(b"Client\r\nNobody\r\n")
    unknown = bench.verify(file)
    absent = bench.verify(file, "--report", "00000000-0000-4000-8000-000000000000")

    assert (found["equal"], found["task"]) == (True, "ClosingPeriod")
    assert unknown.exit_code == absent.exit_code == 1
    assert "no result that your key may see has these rows" in unknown.output
    assert "there is no result 00000000" in absent.output
