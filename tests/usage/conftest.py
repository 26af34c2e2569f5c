"""A small book, and a home and a queue of the test's own."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.reports.book import Book, open_book
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through
from tollbook.config.queue import ensure_queue


@pytest.fixture
def book(transactional_db: Any, settings: Settings, tmp_path: Path) -> Book:
    """The book without usage, committed: the heartbeat looks by a connection of its own."""
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""
    ensure_queue()
    return open_book()
