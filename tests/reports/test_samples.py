"""The samples in docs/reports/ are what the templates answer, to the byte."""

import csv
import io
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.reports.book import Book, add_expense
from tests.reports.demo import answered, viewer_named
from tests.reports.lake import fill_lake, used
from tests.reports.test_report_diff import remove, report, revise
from tests.wire.demo_ledger import DemoLedger
from tollbook.clients.viewer import Viewer
from tollbook.results.csv_lines import CsvRows
from tollbook.results.exact_cast import cast_exactly
from tollbook.results.row_text import row_jobs

PAGES = Path(__file__).parents[2] / "docs" / "reports"
OCTOBER = {"date_from": "2026-10-01", "date_to": "2026-11-01"}
ROWS = 4


def sample(viewer: Viewer, template_code: str, **parameters: Any) -> str:
    """The header and the first rows of a report as CSV."""
    style = CsvRows(guarded=True)
    with answered(viewer, template_code, **parameters) as dataset:
        batches = [cast_exactly(batch, dataset.columns) for batch in dataset.batches]
    first = pa.Table.from_batches(batches).slice(0, ROWS).to_batches()
    lines = [style.header(dataset.columns)]
    lines += [job() for job in row_jobs(first, dataset.columns, style)]
    return b"".join(bytes(line) for line in lines).decode().replace("\r\n", "\n")


def check_is_on_page(text: str, template_code: str, *, rows: int = ROWS) -> None:
    page = (PAGES / f"{template_code}.md").read_text()
    assert text.count("\n") == rows + 1
    assert text in page, f"docs/reports/{template_code}.md lacks the sample:\n{text}"


@pytest.mark.parametrize(
    ("template_code", "asked"),
    [
        ("ResellerPlans", {"currency": "EUR"}),
        ("ResellerCredits", {"account": "bonus.active"}),
        ("FocusCostAndUsage", {}),
    ],
)
def test_the_sample_of_the_page_comes_out_of_the_demo_book(
    demo_ledger: DemoLedger, template_code: str, asked: dict[str, str]
) -> None:
    viewer = viewer_named(demo_ledger, "admin1")
    check_is_on_page(sample(viewer, template_code, **asked, **OCTOBER), template_code)


def test_the_sample_of_statistics_comes_out_of_a_small_lake(book: Book) -> None:
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    fill_lake(
        [
            used(book, book.brook, noon.replace(day=1 + number // 3), amount, resource=resource)
            for number, (amount, resource) in enumerate(
                [
                    ("12.5", "zone-1"),
                    ("0.000000000001", "zone-1"),
                    ("3", "zone-2"),
                    ("7.25", None),
                    ("100", "zone-1"),
                ]
            )
        ]
    )
    text = sample(book.admin, "ResellerStatistics", group_by="product,region,resource", **OCTOBER)
    product, regions = book.items["CDN"].plan.product, book.regions
    known = {f",{product.pk},CDN": ",1,CDN", f",{regions['Europe'].pk},Europe": ",2,Europe"}
    for ours, shown in known.items():
        text = text.replace(ours, shown)
    check_is_on_page(text, "ResellerStatistics")


def test_the_sample_of_a_comparison_comes_out_of_the_small_book(book: Book) -> None:
    day, client = date(2026, 10, 1), book.brook
    terms = {"discount": "0.5", "tax": "1.9", "region": "Asia"}
    priced = add_expense(book, client, day, "9.5", **terms)
    stopped = add_expense(book, client, day.replace(day=2), "4", item="Storage")
    before = report(book.admin)
    new = revise(
        priced, "11.4", "price list of October (amount changed)", tax_value=Decimal("2.28")
    )
    remove(stopped, "subscription stopped (nothing is owed any more)")
    after = report(book.admin)
    text = sample(book.admin, "ReportDiff", before=before, after=after)
    assert str(new.pk) in text
    check_is_on_page(_with_small_numbers(text), "ReportDiff", rows=2)


def _with_small_numbers(text: str) -> str:
    """The CSV with 1, 2, … in place of the numbers that the book gave, each kind by itself."""
    header, *rows = csv.reader(io.StringIO(text))
    numbers: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        for position, name in enumerate(header):
            kind, is_number, _ = name.partition(" ID")
            if is_number and row[position]:
                known = numbers[kind]
                row[position] = known.setdefault(row[position], str(len(known) + 1))
    told = io.StringIO()
    csv.writer(told, lineterminator="\n").writerows([header, *rows])
    return told.getvalue()
