"""Callers with keys, a home of the test's own, and a way to ask."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from tests.wire.book import Callers, let_in
from tests.wire.demo_ledger import demo_database, demo_ledger  # noqa: F401  # fixtures
from tollbook.api import copies
from tollbook.api.slots import Slots
from tollbook.api.v1 import task_download
from tollbook.config import celery as _celery  # noqa: F401  # the app that messages go through

BASE = "/billing/org/v1"
OUTSIDE = ("/docs", "/healthz", "/readyz", "/metrics", "/nothing")
Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def _own_home(settings: Settings, tmp_path: Path) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""


@pytest.fixture(autouse=True)
def _much_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests look at answers that they do not read to the end, which a server would close."""
    monkeypatch.setattr(task_download, "DOWNLOADS", Slots(1_000))
    monkeypatch.setattr(copies, "RENDERINGS", Slots(1_000))


@pytest.fixture
def callers(db: Any) -> Callers:
    """Everybody, with a key."""
    return let_in()


@pytest.fixture
def ask(callers: Callers) -> Ask:
    """Send a request under the API's base; as the admin of North unless told otherwise."""

    def send(
        method: str, path: str, *, key: str | None = callers.admin, body: Any = None, **more: Any
    ) -> Any:
        headers = more.pop("headers", {}) | ({"Authorization": key} if key else {})
        if body is not None:
            data = json.dumps(body) if isinstance(body, dict | list) else body
            more |= {"data": data, "content_type": more.get("content_type", "application/json")}
        place = path if path.startswith((BASE, *OUTSIDE)) or path == "/" else BASE + path
        browser = Browser(raise_request_exception=False)
        return browser.generic(method, place, headers=headers, **more)

    return send
