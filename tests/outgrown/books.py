"""What is done with a book over HTTP, wherever it runs, and all that it answers."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import httpx
import polars as pl

from tests.patience import PATIENCE, until
from tollbook.catalog.models import Feature, StatisticRegion
from tollbook.demo.accounts import clients as demo_clients
from tollbook.demo.catalogue import catalogue
from tollbook.usage.records import USAGE_SCHEMA
from tollbook_client import FileTask, Tollbook
from tollbook_client.tasks import Tasks

RESELLER: Final = 103
"""The one whose October is not closed yet; the key of the demo is its admin's."""
MONTH: Final = "2026-10"
OCTOBER: Final = {"date_from": "2026-10-01", "date_to": "2026-11-01"}
RANGE: Final = {"date_from": "2026-08-01", "date_to": "2026-11-01"}
_MORE: Final[Mapping[str, Sequence[Mapping[str, str]]]] = {
    "ResellerExpenses": (
        {"include_deleted": "true"},
        *({"group_by": each} for each in ("day", "client", "product", "feature", "month")),
    ),
    "ResellerStatistics": (
        {"granularity": "month", "group_by": "client,region"},
        {"granularity": "hour", "group_by": "product", "currency": "EUR"},
    ),
}
"""Beside each template's own defaults."""
_WHERE_MONEY_IS: Final = {"ResellerExpenses": _MORE["ResellerExpenses"]}
"""What a closing changes."""
_NOT_SAID: Final = ("Written down", "Action ID", "Credit ID", "Operation ID")
"""Of credits: when a closing used them, and the random numbers of what it wrote down."""
_EVERY: Final = 20
_PATIENCE: Final = 120.0 * PATIENCE


class Trouble(Protocol):
    """What breaks meanwhile."""

    def during_report(self, book: Tollbook) -> None:
        """Make a report end well whose worker died in the middle."""

    def during_closing(self, book: Tollbook, task: FileTask) -> None:
        """Break what there is while the closing is under way."""


class NoTrouble:
    """Nothing breaks."""

    def during_report(self, book: Tollbook) -> None:
        """Nothing."""

    def during_closing(self, book: Tollbook, task: FileTask) -> None:
        """Nothing."""


Told: TypeAlias = tuple[int | None, str]
"""Rows and digest of a result."""


@dataclass(frozen=True)
class Answers:
    """What a book said at the end of its way; equal of equal books."""

    imported: Told
    open_month: Mapping[str, Told]
    closing: Told
    closed_month: Mapping[str, Told]
    invoices: Sequence[tuple[Any, ...]]


def lead_through(urls: tuple[str, str], key: str, usage: Path, trouble: Trouble) -> Answers:
    """Import → rate → report → close → report, over one web server and the other."""
    with Tollbook(urls[0], key) as first, Tollbook(urls[1], key) as second:
        newest = _newest_expense(urls[0], key)
        imported = made(first.imports, first.imports.create(usage))
        until(lambda: _newest_expense(urls[1], key) > newest, seconds=60, every=0.2)
        trouble.during_report(second)
        open_month = dict(_reports(second, _MORE))
        asked = second.closings.create(MONTH)
        trouble.during_closing(second, asked)
        closing = made(first.closings, asked)
        invoices = _issued(first, closing)
        return Answers(
            imported=_told(imported),
            open_month=open_month,
            closing=_told(closing),
            closed_month=dict(_reports(second, _WHERE_MONEY_IS)),
            invoices=invoices,
        )


def usage_file(home: Path, folder: Path) -> Path:
    """A part of the reseller's October once more, as a file that comes late would have it."""
    clients = [each.id for each in demo_clients() if each.reseller_id == RESELLER]
    files = [file for file in (home / "storage").rglob("*.parquet") if _is_of_the_lake(file)]
    of_month = pl.col("period_start").dt.strftime("%Y-%m") == MONTH
    chosen = pl.read_parquet(files).filter(of_month, pl.col("client_id").is_in(clients))
    moments = ("period_start", "period_end")
    table = (
        chosen.sort("record_id")
        .gather_every(_EVERY)
        .select(
            pl.concat_str(pl.lit("again-"), "record_id").alias("record_id"),
            "client_id",
            pl.col("feature_id").replace_strict(_names(Feature, "internal_name")).alias("feature"),
            pl.col("region_id").replace_strict(_names(StatisticRegion, "int_name")).alias("region"),
            *(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in moments),
            "amount",
        )
    )
    path = folder / "usage.csv"
    table.write_csv(path)
    return path


def make_report(book: Tollbook, template: str) -> FileTask:
    """A report on October, made."""
    return made(book.reports, book.reports.create(template, OCTOBER))


def made(tasks: Tasks, asked: FileTask) -> FileTask:
    """The task once it is completed; it is followed however long others have the machine."""
    return tasks.wait(asked.uuid, timeout=_PATIENCE)


def _reports(
    book: Tollbook, more: Mapping[str, Sequence[Mapping[str, str]]]
) -> Iterator[tuple[str, Told]]:
    """The digest of every template's report, by its question: the plain one and ``more``."""
    of_a_range = [each.code for each in book.reports.templates() if each.code != "ReportDiff"]
    for template in of_a_range:
        asked = [
            (question, book.reports.create(template, {**RANGE, **question}))
            for question in ({}, *more.get(template, ()))
        ]
        for question, task in asked:
            done = made(book.reports, task)
            said = _told_of_credits(book, done) if template == "ResellerCredits" else _told(done)
            yield f"{template} {dict(question)}", said


def _told_of_credits(book: Tollbook, task: FileTask) -> Told:
    """Rows of a report, and a digest of all that they say but for ``_NOT_SAID``, in any order."""
    with io.BytesIO() as file:
        book.reports.download(task.uuid, "csv", to=file)
        rows = csv.DictReader(io.StringIO(file.getvalue().decode()))
        lines = sorted(
            str([text for key, text in row.items() if key not in _NOT_SAID]) for row in rows
        )
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _told(task: FileTask) -> Told:
    notes = task.processing_notes
    assert notes.digest is not None
    return notes.rows, notes.digest


def _issued(book: Tollbook, closing: FileTask) -> Sequence[tuple[Any, ...]]:
    """October's documents, once the ERP has all that the closing tells of."""
    with io.BytesIO() as file:
        book.closings.download(closing.uuid, "csv", to=file)
        lines = list(csv.DictReader(io.StringIO(file.getvalue().decode())))
    owed = [line for line in lines if Decimal(line["Total"])]
    until(lambda: len(_documents(book)) >= len(owed), seconds=120, every=0.5)
    return sorted(_documents(book))


def _documents(book: Tollbook) -> list[tuple[Any, ...]]:
    """Who owes what; which of them has which number is up to whoever comes first."""
    return [
        (
            each.client_id,
            each.payer_id,
            each.move_type,
            each.currency,
            each.amount_untaxed,
            each.amount_tax,
            each.amount_total,
        )
        for each in book.erp_invoices.list()
        if each.billing_period_from and f"{each.billing_period_from:%Y-%m}" == MONTH
    ]


def _newest_expense(url: str, key: str) -> int:
    answer = httpx.get(
        f"{url}/billing/org/v1/expenses",
        params={"ordering": "-id", "limit": 1},
        headers={"Authorization": f"apikey {key}"},
        timeout=60,
    ).raise_for_status()
    newest: int = answer.json()["results"][0]["id"]
    return newest


def _names(model: type, field: str) -> Mapping[int, str]:
    rows = [row for table in catalogue() for row in table if isinstance(row, model)]
    return {row.pk: getattr(row, field) for row in rows}


def _is_of_the_lake(file: Path) -> bool:
    return set(USAGE_SCHEMA.names) <= set(pl.read_parquet_schema(file))
