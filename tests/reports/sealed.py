"""Expenses of many kinds, a closed October of North, and files of the store that somebody harms."""

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.invoicing.closings import closed
from tests.reports.book import Book, add_expense
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.results import result_store

REPLACED_ON = date(2026, 10, 5)


def spend_much(
    book: Book,
    count: int,
    month_of: Callable[[int], int],
    more_of: Callable[[int], dict[str, Any]] = lambda _: {},
) -> None:
    """So many expenses of three clients in two currencies with discounts and taxes, one replaced.

    ``month_of`` says the month of each by its number, ``more_of`` what else it has.
    """
    for number in range(count):
        add_expense(
            book,
            (book.fjord, book.brook, book.sand)[number % 3],
            date(2026, month_of(number), 1 + number % 28),
            f"{number}.{number:012d}",
            discount=f"0.{number:012d}",
            tax="1.1",
            item=("CDN", "Storage")[number % 2],
            region=("Europe", "Asia")[number // 3 % 2],
            currency=(book.usd, book.eur)[number // 2 % 2],
            **more_of(number),
        )
    add_expense(book, book.fjord, REPLACED_ON, "1000", deleted=True, reason="rated again")


def spend_by_hand(book: Book, count: int, month_of: Callable[[int], int]) -> None:
    """The same, written by people: rating has no business with it. Some have comments."""
    spend_much(
        book,
        count,
        month_of,
        lambda number: {
            "kind": "correction",
            "comment": None if number % 5 else f'Nº {number}, "noted"',
        },
    )


def close_october(viewer: Viewer, **more: Any) -> None:
    """Close it, through everything that a worker goes through."""
    task = closed(viewer, **more)
    assert task.status == "Completed", task.processing_notes


def change_bit(key: str) -> None:
    """Change one bit in the middle of a file of the store."""
    with result_store().open(key) as file:
        content = bytearray(file.read())
    content[len(content) // 2] ^= 1
    rewrite(key, bytes(content))


def rewrite(key: str, content: bytes) -> None:
    """Put something else in the place of a file of the store."""
    with result_store().writing(key) as sink:
        sink.write(content)
