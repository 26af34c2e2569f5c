"""An import whose worker is killed leaves nothing or all, and the next attempt completes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.faults.house import House, kill_tree
from tests.faults.test_workers import ended
from tests.filetasks.asking import stored
from tests.patience import until
from tests.reports.book import Book, open_book
from tests.usage.files import AGES, counts, csv_bytes, lake_rows, submit, usage
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus
from tollbook.usage.entering import LAKE_LOCK
from tollbook.usage.models import UsageSegment
from tollbook.usage.selectors import lake_files

RECORDS = 300
_LOCK_ROW = "SELECT 1 FROM filetasks_filetask WHERE uuid = %s FOR UPDATE"


@pytest.mark.parametrize(
    "moment",
    [pytest.param("while it waits for the lake", marks=pytest.mark.long), "before it commits"],
)
def test_a_killed_import_leaves_nothing_and_the_next_attempt_completes_it(
    house: House, moment: str
) -> None:
    book = open_book()
    task = submit(book.operator, _content(book))
    hold = _lake_held if moment == "while it waits for the lake" else _row_held
    with hold(house, task) as reached:
        worker = house.start_tollbook_worker()
        until(reached, seconds=120)
        kill_tree(worker)
        assert not UsageSegment.objects.exists()
        assert lake_files(AGES) == []
        written = len(result_store().keys("lake/usage"))
        assert written == (0 if moment == "while it waits for the lake" else 30)

    house.start_beat()
    house.start_tollbook_worker()
    until(lambda: ended(task), seconds=120)

    _check_complete(task, attempt=2)


def test_two_imports_of_one_file_at_once_bring_it_once(house: House) -> None:
    book = open_book()
    tasks = [submit(book.operator, _content(book)) for _ in range(2)]
    house.start_worker(slots=2)
    until(lambda: all(ended(task) for task in tasks), seconds=120)
    brought = sorted(counts(stored(task)) for task in tasks)
    assert brought == [(RECORDS, 0, RECORDS, 0), (RECORDS, RECORDS, 0, 0)]
    assert len(lake_rows()) == RECORDS


def _content(book: Book) -> bytes:
    days = [f"2026-10-{day:02}" for day in range(1, 31)]
    return csv_bytes(
        [
            usage(book, f"r{n}", period_start=f"{day}T00:00:00Z", period_end=f"{day}T01:00:00Z")
            for n, day in enumerate(days * (RECORDS // len(days)))
        ]
    )


def _check_complete(task: FileTask, *, attempt: int) -> None:
    done = stored(task)
    assert (done.status, done.attempt) == (TaskStatus.COMPLETED, attempt)
    assert counts(done) == (RECORDS, RECORDS, 0, 0)
    assert [row["record_id"] for row in lake_rows()] == sorted(f"r{n}" for n in range(RECORDS))
    segments = set(UsageSegment.objects.values_list("key", flat=True))
    assert len(segments) == 30
    until(lambda: result_store().keys("uploads") == [], seconds=30)
    assert set(result_store().keys("lake/usage")) == segments


@contextmanager
def _lake_held(house: House, task: FileTask) -> Iterator["_Waits"]:
    """The lake's lock is another's; tells when the worker asks for it in vain."""
    with psycopg.connect(house.database_url, autocommit=True) as other:
        other.execute(f"SELECT pg_advisory_lock({LAKE_LOCK})")
        yield _Waits(task, other)


@dataclass(frozen=True)
class _Waits:
    """Whether the worker has read the file and waits for the lake."""

    task: FileTask
    holder: "psycopg.Connection[Any]"

    def __call__(self) -> bool:
        found = stored(self.task)
        read = found.processing_notes.get("records_processed")
        return found.status == TaskStatus.IN_PROGRESS and read == RECORDS

    def let_go(self) -> None:
        self.holder.execute(f"SELECT pg_advisory_unlock({LAKE_LOCK})")


@contextmanager
def _row_held(house: House, task: FileTask) -> Iterator[Callable[[], bool]]:
    """The task's row is locked while the worker waits for the lake, which then is given free.

    Tells when the worker has finished its result, after all files of the lake, and cannot commit.
    """
    with psycopg.connect(house.database_url) as other, _lake_held(house, task) as waits:
        locked = False

        def reached() -> bool:
            nonlocal locked
            if not locked and waits():
                other.execute(_LOCK_ROW, (task.uuid,))
                waits.let_go()
                locked = True
            results = result_store().keys(f"results/{task.uuid}")
            return locked and any(key.endswith(".parquet") for key in results)

        yield reached
        other.rollback()
