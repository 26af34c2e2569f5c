"""The stages of one report by itself, in a fresh process: ``python -m bench.stages START END``.

Prints one line of JSON: seconds of reading the facts and naming them, of writing the result with
its digest, its control totals and its CSV, and of making JSON and XLSX from it.
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from bench.span import Span


def main(start: str, end: str) -> None:
    """Measure and print."""
    django.setup()
    from tollbook.clients.models import User
    from tollbook.clients.rules import Role
    from tollbook.clients.selectors import viewer_of
    from tollbook.reports.services import ask
    from tollbook.reports.templates.reseller_expenses import RESELLER_EXPENSES

    operator = User.objects.filter(role=Role.OPERATOR).order_by("id")[0]
    span = Span(date.fromisoformat(start), date.fromisoformat(end), rows=0)
    asked = {"date_from": str(span.start), "date_to": str(span.end)}
    question = ask(RESELLER_EXPENSES, asked, viewer_of(operator))
    with TemporaryDirectory(prefix="tollbook-bench-") as folder:
        print(json.dumps(_measure(question, Path(folder))))


def _measure(question: object, folder: Path) -> dict[str, float]:
    from tollbook.reports.renderers import RENDERERS, ReportFormat
    from tollbook.reports.snapshot import open_snapshot
    from tollbook.reports.templates.reseller_expenses import RESELLER_EXPENSES
    from tollbook.results.result_file import ResultFile
    from tollbook.results.result_writer import ResultWriter

    found: dict[str, float] = {}
    with open_snapshot(check=lambda: None) as snapshot:
        began = time.perf_counter()
        dataset = RESELLER_EXPENSES.answer(question, snapshot)  # type: ignore[arg-type]
        for _ in dataset.batches:
            pass
        found["query"] = time.perf_counter() - began
    path, lines = folder / "result.parquet", folder / "result.csv"
    with open_snapshot(check=lambda: None) as snapshot, lines.open("wb") as csv:
        began = time.perf_counter()
        dataset = RESELLER_EXPENSES.answer(question, snapshot)  # type: ignore[arg-type]
        with ResultWriter(
            path,
            dataset.columns,
            {},
            totals=dataset.amounts,
            currency=dataset.currency,
            months=dataset.months,
            on_lines=lambda text: csv.write(text) and None,
        ) as writer:
            for batch in dataset.batches:
                writer.write(batch)
        found["query and spool"] = time.perf_counter() - began
    found["bytes"] = lines.stat().st_size
    for form in (ReportFormat.CSV, ReportFormat.JSON, ReportFormat.XLSX):
        began = time.perf_counter()
        with ResultFile(path) as result:
            found[f"{form} bytes"] = sum(map(len, _pieces(RENDERERS[form].render(result))))
        found[f"render {form}"] = time.perf_counter() - began
    return found


def _pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces


if __name__ == "__main__":
    main(*sys.argv[1:])
