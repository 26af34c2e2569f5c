"""A small book, a home of the test's own, and a schedule of its admin."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.reports.book import Book, open_book
from tollbook.clients.viewer import Viewer
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through
from tollbook.config.queue import ensure_queue
from tollbook.schedules.models import Schedule
from tollbook.schedules.services import add_schedule

CREATED = datetime(2026, 10, 20, 12, tzinfo=UTC)
DAYS = {"date_from": "{previous_month.start}", "date_to": "{previous_month.end}"}
MONTHLY: dict[str, Any] = {
    "name": "monthly-expenses",
    "template": "ResellerExpenses",
    "parameters": DAYS,
    "cron": "0 6 1 * *",
}


@pytest.fixture(scope="session", autouse=True)
def queue() -> None:
    """The queue that messages are put into."""
    ensure_queue()


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> None:
    """Files in a folder of the test's own; receivers may be on the loopback."""
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""
    settings.WEBHOOK_PRIVATE = True
    settings.WEBHOOK_TIMEOUT_SECONDS = 1


@pytest.fixture
def book(transactional_db: Any) -> Book:
    """Two resellers with clients."""
    return open_book()


Plan = Callable[..., Schedule]


@pytest.fixture
def plan(book: Book) -> Plan:
    """Add a schedule of the admin of North, unless told otherwise."""

    def make(viewer: Viewer = book.admin, **told: Any) -> Schedule:
        return add_schedule(viewer=viewer, asked={**MONTHLY, **told}, now=CREATED)

    return make
