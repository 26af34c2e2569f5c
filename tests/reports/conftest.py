"""The small book, and a home and a queue of the test's own."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.reports.book import Book, open_book
from tests.wire.demo_ledger import demo_database, demo_ledger  # noqa: F401  # fixtures
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through
from tollbook.config.queue import ensure_queue


@pytest.fixture
def book(transactional_db: Any, settings: Settings, tmp_path: Path) -> Book:
    """The book without expenses, committed: reports read it by a connection of their own."""
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""
    ensure_queue()
    return open_book()
