"""A book to close, and a home of the test's own."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.reports.book import Book, open_book
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through
from tollbook.config.queue import ensure_queue


@pytest.fixture(scope="session", autouse=True)
def _queue() -> None:
    ensure_queue()


@pytest.fixture(autouse=True)
def _own_home(settings: Settings, tmp_path: Path) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""


@pytest.fixture
def book(transactional_db: Any) -> Book:
    """Two resellers and their clients, without an expense; committed as it is made."""
    return open_book()
