"""A month that was closed, and reports that hold it."""

from datetime import date
from typing import Any

from tests.invoicing.closings import closed
from tests.reports.book import Book, add_expense, opened
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import MonthState
from tollbook.filetasks.results import result_store

BOTH = {"date_from": "2026-09-15", "date_to": "2026-12-01", "include_deleted": True}


def close_october(book: Book) -> None:
    """October of North is closed; of South and all of November nothing is."""
    for number in range(60):
        client = (book.fjord, book.brook, book.sand)[number % 3]
        add_expense(
            book,
            client,
            date(2026, 9 + number % 3, 1 + number % 28),
            f"{number}.{number:012d}",
            discount=f"0.{number:012d}",
            tax="1.1",
            item=("CDN", "Storage")[number % 2],
            region=("Europe", "Asia")[number // 3 % 2],
            currency=(book.usd, book.eur)[number // 2 % 2],
            kind="correction",
            comment=None if number % 5 else f'Nº {number}, "noted"',
        )
    add_expense(book, book.fjord, date(2026, 10, 5), "1000", deleted=True, reason="rated again")
    task = closed(book.admin)
    assert task.status == "Completed", task.processing_notes


def bytes_of(viewer: Viewer, **parameters: Any) -> bytes:
    """The file of a report on the closed month and what is around it."""
    report = opened(viewer, **(BOTH | parameters))
    content = b"".join(report.result.pieces())
    report.close()
    return content


def warnings_of(viewer: Viewer) -> list[str]:
    """The codes of what such a report warns of."""
    report = opened(viewer, **BOTH)
    report.close()
    return [warning["code"] for warning in report.task.processing_notes["warnings"]]


def segment_key() -> str:
    """The key of the one segment."""
    return str(MonthState.objects.get(status="Closed").segment_key)


def remove_segment() -> None:
    """Let the segment be gone: its month is read from the ledger."""
    result_store().delete(segment_key())


def change_file(key: str) -> None:
    """Flip a bit in the middle of a file of the store."""
    file = result_store().open(key)
    content = bytearray(file.read())
    file.close()
    content[len(content) // 2] ^= 1
    with result_store().writing(key) as sink:
        sink.write(bytes(content))
