"""The main job as a new user meets it: one command in an empty folder, and once more."""

import csv
import json
import re
import signal
import stat
from collections import defaultdict
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.loaded_book import LoadedBook
from tests.scenarios.house import House, house_with, new_house, running_demo, wait_until_gone
from tollbook_client import Tollbook

pytestmark = pytest.mark.xdist_group("main_job")

NAME = "ResellerExpenses-2026-10"
Found = tuple[int, dict[str, Decimal]]


def csv_contents(path: Path) -> Found:
    with path.open(encoding="utf-8", newline="") as lines:
        return summed([(row["Currency"], row["Cost"]) for row in csv.DictReader(lines)])


def json_contents(path: Path) -> Found:
    document = json.loads(path.read_text())
    rows = [dict(zip(document["headers"], row, strict=True)) for row in document["rows"]]
    return summed([(row["Currency"], row["Cost"]) for row in rows])


def xlsx_contents(path: Path) -> Found:
    """openpyxl reads binary floats, so the sums are compared at the cent."""
    with closing(openpyxl.load_workbook(path, read_only=True)) as workbook:
        rows = workbook.worksheets[0].iter_rows(values_only=True)
        headers = list(next(rows))
        at, of = headers.index("Currency"), headers.index("Cost")
        return summed([(row[at], row[of]) for row in rows])


def summed(pairs: list[tuple[Any, Any]]) -> Found:
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in pairs:
        totals[currency] += Decimal(str(amount))
    cents = {currency: round(total, 2) for currency, total in sorted(totals.items())}
    return len(pairs), cents


def digest_told(output: str) -> str:
    (digest,) = re.findall(r"digest\s+([0-9a-f]{64})", output)
    return str(digest)


@pytest.mark.long
def test_one_command_does_the_main_job_after_a_start_cut_short_and_again_on_the_kept_book(
    tmp_path: Path, fresh_database_url: str
) -> None:
    house = new_house(tmp_path, fresh_database_url)
    stop_in_the_middle_of_loading(house)
    first = house.tollbook("demo", "--once")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "demo book loaded" in first.stdout + first.stderr
    assert "HTTP Request" not in first.stdout + first.stderr, "httpx tells of its requests"
    wait_until_gone(house)

    downloads = house.home / "downloads"
    rows, totals = csv_contents(downloads / f"{NAME}.csv")
    assert rows > 10_000
    assert set(totals) == {"EUR", "USD"}
    assert json_contents(downloads / f"{NAME}.json") == (rows, totals)
    assert xlsx_contents(downloads / f"{NAME}.xlsx") == (rows, totals)
    for ending in ("csv", "json", "xlsx"):
        size = (downloads / f"{NAME}.{ending}").stat().st_size
        told = re.search(rf"^ *{NAME}\.{ending}(.*)$", first.stdout, re.MULTILINE)
        assert told is not None
        figures = [f"{rows:,}", *(f"{total:,.2f}" for total in totals.values()), f"{size:,}"]
        assert told[1].split()[:4] == figures
    (pdf,) = downloads.glob("*.pdf")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "3 resellers, 200 clients" in first.stdout
    assert stat.S_IMODE((house.home / "demo-key").stat().st_mode) == 0o600

    key = house.key
    second = house.tollbook("demo", "--once")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "demo book is there" in second.stdout
    assert digest_told(second.stdout) == digest_told(first.stdout)
    assert house.key == key
    wait_until_gone(house)


def stop_in_the_middle_of_loading(house: House) -> None:
    with house.start("demo", "--once") as demo:
        assert demo.stdout is not None
        next(line for line in demo.stdout if "demo book: rating" in line)
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=600)
    assert demo.returncode != 0
    wait_until_gone(house)


def test_it_stays_up_with_the_key_it_tells_until_ctrl_c_and_leaves_nothing_running(
    tmp_path: Path, loaded_book: LoadedBook
) -> None:
    with house_with(loaded_book, tmp_path) as house:
        with running_demo(house), Tollbook(house.url, house.key) as book:
            reports = list(book.reports.list())
            assert [report.status for report in reports] == ["Completed"]
            assert len(list(book.erp_invoices.list())) > 10
        wait_until_gone(house)
