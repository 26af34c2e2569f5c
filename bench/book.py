"""A book to measure on: an embedded PostgreSQL of its own with the demo book, gone at the end."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import django
from django.core.management import call_command

from bench.span import Span
from tollbook.config.embedded_postgres import running_embedded_postgres

_SPARE: Final = 1.05
"""A book holds a little more than is asked for: some of it is deleted, and days are taken whole."""


@dataclass(frozen=True)
class Book:
    """Where the book is, and the spans of it that hold about as many rows as were asked for.

    Those of ``months`` are whole months, which may hold some more.
    """

    home: Path
    expenses: int
    sample: Span
    spans: tuple[Span, ...]
    months: tuple[Span, ...]


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home folder of this run; the addresses in the environment name its parts."""
    with TemporaryDirectory(prefix="tollbook-bench-") as folder:
        for name in ("DATABASE_URL", "BROKER_URL", "STORAGE_URL", "ENGINE_URL"):
            os.environ.pop(name, None)
        os.environ["TOLLBOOK_HOME"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
        os.environ["TOLLBOOK_LOG_LEVEL"] = "WARNING"
        yield Path(folder)


@contextmanager
def running_ledger(home: Path) -> Iterator[str]:
    """The server of ``home``, for this process and those that it starts."""
    with running_embedded_postgres(home) as database_url:
        os.environ["DATABASE_URL"] = database_url
        try:
            yield database_url
        finally:
            del os.environ["DATABASE_URL"]


def load_book(home: Path, sizes: Sequence[int], tell: Callable[[str], None]) -> Book:
    """Fill the running ledger of ``home`` so that the largest of ``sizes`` fits."""
    django.setup()
    from tollbook.demo.services import expenses_for, load_demo_book

    scale = math.ceil(max(sizes) * _SPARE / expenses_for(1))
    tell(f"demo book, scale {scale}")
    call_command("migrate", verbosity=0)
    load_demo_book(scale=scale)
    days = _live_by_day()
    _vacuum()
    return Book(
        home=home,
        expenses=sum(days.values()),
        sample=_closest(days, 0),
        spans=tuple(_closest(days, size) for size in sorted(sizes)),
        months=tuple(_whole_months(days, size) for size in sorted(sizes)),
    )


def _closest(days: dict[date, int], size: int) -> Span:
    """The first days of the book, or its quietest, whose rows come closest to ``size``."""
    ordered = sorted(days)
    ranges = [ordered[: number + 1] for number in range(len(ordered))]
    ranges.append([min(days, key=lambda day: days[day])])
    chosen = min(ranges, key=lambda some: abs(sum(days[day] for day in some) - size))
    return _span(days, chosen)


def _whole_months(days: dict[date, int], size: int) -> Span:
    """The first months of the book that hold so many rows, else all of them."""
    ordered = sorted(days)
    ends = [day for day in ordered if date.fromordinal(day.toordinal() + 1).day == 1] or ordered
    spans = [_span(days, [each for each in ordered if each <= end]) for end in ends]
    return next((span for span in spans if span.rows >= size), spans[-1])


def _span(days: dict[date, int], chosen: Sequence[date]) -> Span:
    end = date.fromordinal(chosen[-1].toordinal() + 1)
    return Span(chosen[0], end, sum(days[day] for day in chosen))


def _live_by_day() -> dict[date, int]:
    from django.db.models import Count

    from tollbook.expenses.models import Expense

    live = Expense.objects.filter(deleted=False).order_by()
    return dict(live.values_list("for_date").annotate(Count("id")))


def _vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
