"""People who ask, and a home of the test's own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.filetasks.asking import Asking, people
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through
from tollbook.config.queue import ensure_queue


@pytest.fixture(scope="session", autouse=True)
def queue() -> None:
    """The queue that tasks are put into."""
    ensure_queue()


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> None:
    """Files in a folder of the test's own."""
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""


@pytest.fixture
def asking(transactional_db: Any) -> Asking:
    """Two resellers' people, in the database."""
    return people()


@pytest.fixture
def now() -> datetime:
    """A moment that the database takes for the present, give or take a test."""
    return datetime.now(UTC)
