"""People, a queue, a home of the test's own, and a receiver that is near by."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.filetasks.asking import Asking, people, submit, write_two_rows
from tests.webhooks.receiver import Receiver, receiving
from tollbook.clients.viewer import Viewer
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through
from tollbook.config.queue import ensure_queue
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.services import run_file_task
from tollbook.webhooks.models import Endpoint
from tollbook.webhooks.services import add_endpoint


@pytest.fixture(scope="session", autouse=True)
def queue() -> None:
    """The queue that messages are put into."""
    ensure_queue()


@pytest.fixture(autouse=True)
def own_home(settings: Settings, tmp_path: Path) -> None:
    """Files in a folder of the test's own; receivers may be on the loopback; nobody waits long."""
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""
    settings.WEBHOOK_PRIVATE = True
    settings.WEBHOOK_TIMEOUT_SECONDS = 1


@pytest.fixture
def asking(transactional_db: Any) -> Asking:
    """Two resellers' people, in the database."""
    return people()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes everything."""
    with receiving() as opened:
        yield opened


@pytest.fixture
def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


Add = Callable[..., tuple[Endpoint, str]]


@pytest.fixture
def add(asking: Asking, receiver: Receiver) -> Add:
    """Add an endpoint of North at the receiver, unless told otherwise."""

    def make(viewer: Viewer = asking.admin, **told: Any) -> tuple[Endpoint, str]:
        return add_endpoint(
            viewer=viewer, **{"url": receiver.url, "now": datetime.now(UTC), **told}
        )

    return make


def completed(viewer: Viewer) -> FileTask:
    """A report of ``viewer`` that has ended well."""
    task = submit(viewer)
    run_file_task(task.uuid, work=write_two_rows)
    return FileTask.objects.get(pk=task.pk)
