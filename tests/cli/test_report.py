"""``tollbook report`` and ``invoices`` against a running server: files, words, exit statuses."""

import csv
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import psutil
import pyarrow.parquet as pq
import pytest

from tests.scenarios.house import House

pytestmark = pytest.mark.xdist_group("demo")

OCTOBER = ("-p", "date_from=2026-10-01", "-p", "date_to=2026-11-01")
BY_CLIENT = ("report", "new", "ResellerExpenses", *OCTOBER, "-p", "group_by=client")


def ok(demo: House, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    done = demo.tollbook(*arguments, key=demo.key, **variables)
    assert done.returncode == 0, done.stderr
    return done


def refusal(demo: House, *arguments: str, **variables: str) -> str:
    done = demo.tollbook(*arguments, **{"TOLLBOOK_KEY": demo.key, **variables})
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("tollbook: ")
    return done.stderr


def test_a_report_is_asked_for_followed_and_saved(demo: House, tmp_path: Path) -> None:
    target = tmp_path / "clients.csv"
    done = ok(demo, *BY_CLIENT, "-o", str(target))
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert told["file"] == str(target)
    assert told["rows"] == str(len(rows))
    assert told["bytes"].startswith(f"{target.stat().st_size:,} ")
    assert told["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert len(told["digest"]) == 64
    assert "csv comes down" in done.stderr


def test_two_reports_are_compared(demo: House, tmp_path: Path) -> None:
    told = [json.loads(ok(demo, *BY_CLIENT, "-o", str(tmp_path), "--json").stdout) for _ in "12"]
    before, after = (each["report"]["uuid"] for each in told)
    sides = ("-p", f"before={before}", "-p", f"after={after}")
    target = tmp_path / "changes.csv"
    done = ok(demo, "report", "new", "ReportDiff", *sides, "-o", str(target), "--json")
    notes = json.loads(done.stdout)["report"]["processing_notes"]
    assert notes["rows"] == 0
    assert notes["records_processed"] == told[0]["rows"] + told[1]["rows"]
    assert target.read_text().startswith("Change,Changed columns,Values before,Reseller ID,")


def test_a_report_that_is_not_there_is_not_compared(demo: House) -> None:
    nobodys = "00000000-0000-4000-8000-000000000000"
    sides = ("-p", f"before={nobodys}", "-p", f"after={nobodys}")
    said = refusal(demo, "report", "new", "ReportDiff", *sides)
    assert f"There is no report {nobodys}" in said


def test_json_tells_a_program_what_was_saved(demo: House, tmp_path: Path) -> None:
    done = ok(demo, *BY_CLIENT, "--format", "json", "-o", str(tmp_path), "--json")
    told = json.loads(done.stdout)
    saved = Path(told["file"])
    assert saved.parent == tmp_path
    assert len(json.loads(saved.read_text())["rows"]) == told["rows"]
    assert told["report"]["status"] == "Completed"
    assert told["report"]["processing_notes"]["digest"] == told["digest"]


def test_standard_output_takes_the_file_and_nothing_else(demo: House) -> None:
    done = ok(demo, *BY_CLIENT, "-o", "-")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0][:3] == ["Reseller ID", "Client ID", "Client"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert "digest" in done.stderr


def test_the_ending_of_the_file_chooses_the_format(demo: House, tmp_path: Path) -> None:
    ok(demo, *BY_CLIENT, "-o", str(tmp_path / "clients.xlsx"))
    workbook = openpyxl.load_workbook(tmp_path / "clients.xlsx")
    assert workbook.worksheets[0]["A1"].value == "Reseller ID"
    ok(demo, *BY_CLIENT, "-o", str(tmp_path / "clients.parquet"))
    assert pq.read_table(tmp_path / "clients.parquet").num_rows > 10


def test_parameters_take_the_types_that_the_template_declares(demo: House) -> None:
    typed = ("-p", "client_id=1091", "-p", "include_deleted=yes")
    done = ok(demo, *BY_CLIENT, *typed, "--json", "-o", "/dev/null")
    parameters = json.loads(done.stdout)["report"]["parameters"]
    assert (parameters["client_id"], parameters["include_deleted"]) == (1091, True)


@pytest.mark.long
def test_reports_are_listed_shown_downloaded_again_and_deleted(demo: House, tmp_path: Path) -> None:
    made = json.loads(ok(demo, *BY_CLIENT, "-o", "/dev/null", "--json").stdout)
    uuid = made["report"]["uuid"]
    assert uuid in ok(demo, "report", "list").stdout
    options = ("--status", "Completed", "--limit", "1", "--json")
    newest = json.loads(ok(demo, "report", "list", *options).stdout)
    assert [one["uuid"] for one in newest] == [uuid]
    assert made["digest"] in ok(demo, "report", "show", uuid).stdout
    ok(demo, "report", "download", uuid, "-o", str(tmp_path / "again.csv"))
    assert hashlib.sha256((tmp_path / "again.csv").read_bytes()).hexdigest() == made["sha256"]
    [gone] = json.loads(ok(demo, "report", "delete", uuid, "--json").stdout)
    assert gone == {"uuid": uuid, "deleted": True}
    assert f"reports/{uuid}" in refusal(demo, "report", "show", uuid)


def test_templates_are_listed_with_their_parameters(demo: House) -> None:
    shown = ok(demo, "report", "templates").stdout
    assert "ResellerExpenses" in shown
    assert "date_from" in shown
    found = json.loads(ok(demo, "report", "templates", "--json").stdout)
    assert "ResellerExpenses" in {template["code"] for template in found}


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ResellerExpenses", "--format", "pdf"), "'pdf' is not one of"),
        (("ResellerExpenses", "-o", "/nowhere/x.csv"), "/nowhere/x.csv cannot be written: No such"),
        (("ResellerExpenses", "-o", "/proc/x.csv"), "/proc/x.csv cannot be written"),
        (("Nothing",), "There is no template Nothing"),
        (("ResellerExpenses", "-p", "date_from"), "-p takes NAME=VALUE, not 'date_from'"),
        (("ResellerExpenses", *OCTOBER, *OCTOBER), "-p date_from is given twice"),
        (("ResellerExpenses", *OCTOBER, "-p", "client_id=x"), "a value of type integer, not 'x'"),
        (("ResellerExpenses", *OCTOBER, "-p", "colour=red"), "parameters.colour: Unknown"),
        (("ResellerExpenses", "-p", "date_from=2026-10-01"), "parameters.date_to: "),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    demo: House, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refusal(demo, "report", "new", *arguments)


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TOLLBOOK_KEY": ""}, "no key is given: make one with `tollbook keys new"),
        ({"TOLLBOOK_KEY": "1"}, "put it between single quotes"),
        ({"TOLLBOOK_KEY": "1$wrong"}, "the server does not take the key"),
        ({"TOLLBOOK_URL": "http://127.0.0.1:1"}, "connection refused; start it with `tollbook up`"),
        ({"TOLLBOOK_URL": "127.0.0.1:8080"}, "is no address"),
    ],
)
def test_a_server_that_cannot_be_talked_to_is_explained(
    demo: House, variables: dict[str, str], said: str
) -> None:
    assert said in refusal(demo, "report", "list", **variables)


def test_a_full_disk_is_named_with_the_file(demo: House) -> None:
    done = demo.tollbook(*BY_CLIENT, "-o", "/dev/full", key=demo.key)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "tollbook: /dev/full cannot be written: No space left on device"
    )


def test_a_reader_that_leaves_early_ends_it_quietly(demo: House) -> None:
    command = [sys.executable, "-m", "tollbook", "report", "new", "ResellerExpenses", *OCTOBER]
    with psutil.Popen(
        [*command, "-o", "-"],
        env={**demo.environment, "TOLLBOOK_URL": demo.url, "TOLLBOOK_KEY": demo.key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asking:
        assert asking.stdout.readline().startswith("Expense ID,")
        asking.stdout.close()
        said = asking.stderr.read()
    assert asking.returncode == 1
    assert "Traceback" not in said


def test_more_is_said_about_an_error_when_asked(demo: House) -> None:
    done = demo.tollbook("report", "list", "-v", key="1$wrong")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_invoices_are_listed_shown_and_saved(demo: House, tmp_path: Path) -> None:
    options = ("--type", "out_invoice", "--limit", "3", "--json")
    found = json.loads(ok(demo, "invoices", "list", *options).stdout)
    assert [one["move_type"] for one in found] == ["out_invoice"] * 3
    assert found[0]["name"] in ok(demo, "invoices", "list", "--type", "out_invoice").stdout
    number = str(found[0]["id"])
    assert found[0]["amount_total"] in ok(demo, "invoices", "show", number).stdout
    target = str(tmp_path / "invoice.pdf")
    saved = json.loads(ok(demo, "invoices", "pdf", number, "-o", target, "--json").stdout)
    assert (saved["file"], saved["bytes"]) == (target, (tmp_path / "invoice.pdf").stat().st_size)
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF-")
