"""Browsers that are logged in: on the demo book, to look; on a small book, to change."""

from dataclasses import dataclass

import pytest
from django.test import Client as Browser

from tests.reports.book import Book, open_book
from tests.wire.demo_ledger import DemoLedger, demo_database, demo_ledger  # noqa: F401  # fixtures
from tollbook.clients.models import User


@dataclass(frozen=True)
class Desk:
    """A book with an operator's browser."""

    book: Book
    operator: User
    browser: Browser


@pytest.fixture(scope="module")
def browser(demo_ledger: DemoLedger) -> Browser:  # noqa: F811
    """The demo book's operator, logged in; no table is empty."""
    browser = Browser()
    browser.force_login(User.objects.get(email="operator@demo.example"))
    return browser


@pytest.fixture(scope="module")
def outsiders(demo_ledger: DemoLedger) -> list[Browser]:  # noqa: F811
    """Nobody, and users of every other role, the first of them marked as staff by mistake."""
    found = [Browser()]
    for name in ("admin1", "seller1", "client"):
        found.append(Browser())
        found[-1].force_login(User.objects.get(email=f"{name}@demo.example"))
    return found


@pytest.fixture
def desk(db: None) -> Desk:
    """The small book, and its operator at work."""
    book = open_book()
    operator = User.objects.get(pk=book.operator.user_id)
    operator.is_staff = True
    operator.save()
    browser = Browser()
    browser.force_login(operator)
    return Desk(book, operator, browser)
