"""The main job, over HTTP with an API key: a report asked for, followed, saved and read back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console

from tollbook.cli.file_contents import FileContents, read_contents
from tollbook.cli.output import CommandFailed, OnProgress, shown_progress
from tollbook.cli.report import show_making
from tollbook.demo.seed import BOOK_MONTHS
from tollbook_client import Download, ErpInvoice, FileTask, MoveType, Tollbook

TEMPLATE: Final = "ResellerExpenses"
FORMATS: Final = ("json", "csv", "xlsx")
MONTH: Final = BOOK_MONTHS[-1]
_AMOUNT: Final = ("money_value", "Cost")
"""The column that is added up: its key in the server's totals, its header in the files."""
_CURRENCY: Final = "Currency"

_PATIENCE: Final = 900.0
"""Seconds that the report may take; millions of expenses do."""

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class SavedFile:
    """A file as it came, and what was found in it."""

    download: Download
    seconds: float
    contents: FileContents


@dataclass(frozen=True)
class MainJobSummary:
    """What the main job did; every file holds the rows and totals that the server told."""

    task: FileTask
    seconds: float
    files: tuple[SavedFile, ...]
    invoices: int
    invoice: ErpInvoice
    pdf: Download


def run_main_job(*, base_url: str, key: str, folder: Path, console: Console) -> MainJobSummary:
    """Do it, files into ``folder``; raises where anything is not as the server tells."""
    folder.mkdir(parents=True, exist_ok=True)
    with Tollbook(base_url, key) as book, shown_progress(console) as show:
        if TEMPLATE not in {template.code for template in book.reports.templates()}:
            raise CommandFailed(f"{base_url} does not offer the report {TEMPLATE}")
        task, seconds = _timed(lambda: _made(book, show))
        files = tuple(_saved(book, task, ending, folder, show) for ending in FORMATS)
        _check(task, files)
        invoices = list(book.erp_invoices.list(ordering=["-invoice_date", "-id"]))
        if not invoices:
            raise CommandFailed(f"{base_url} has no ERP invoices for this key")
        newest = next((one for one in invoices if one.move_type is MoveType.INVOICE), invoices[0])
        invoice = book.erp_invoices.get(newest.id)
        show("invoice comes down", 0, None)
        pdf = book.erp_invoices.pdf(invoice.id, to=folder)
    return MainJobSummary(task, seconds, files, len(invoices), invoice, pdf)


def _made(book: Tollbook, show: OnProgress) -> FileTask:
    question = {"date_from": MONTH.start, "date_to": MONTH.end}
    task = book.reports.create(TEMPLATE, question)
    return book.reports.wait(
        task.uuid, on_progress=lambda seen: show_making(seen, show), timeout=_PATIENCE
    )


def _saved(
    book: Tollbook, task: FileTask, ending: str, folder: Path, show: OnProgress
) -> SavedFile:
    def on_bytes(received: int, total: int | None) -> None:
        show(f"{ending.upper()} comes down", received, total)

    path = folder / f"{TEMPLATE}-{MONTH.start:%Y-%m}.{ending}"
    download, seconds = _timed(
        lambda: book.reports.download(task.uuid, ending, to=path, on_progress=on_bytes)
    )
    show(f"{ending.upper()} is read back", 0, None)
    return SavedFile(download, seconds, read_contents(path, amount=_AMOUNT[1], currency=_CURRENCY))


def _check(task: FileTask, files: tuple[SavedFile, ...]) -> None:
    """The files must agree with the server, and so with one another."""
    told = FileContents(task.processing_notes.rows or 0, _told_totals(task))
    for saved in files:
        if saved.contents != told:
            raise CommandFailed(
                f"{saved.download.name} holds {saved.contents}, the server told {told}"
            )


def _told_totals(task: FileTask) -> Mapping[str, Decimal]:
    totals = task.processing_notes.everything.get("totals") or {}
    return {currency: Decimal(sums[_AMOUNT[0]]) for currency, sums in sorted(totals.items())}


def _timed(work: Callable[[], _Value]) -> tuple[_Value, float]:
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin
