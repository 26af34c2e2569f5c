"""The client with credits, committed: constraints that wait for the end of a transaction hold."""

from typing import Any

import pytest

from tests.credits.book import CreditBook, open_credit_book


@pytest.fixture
def book(transactional_db: Any) -> CreditBook:
    """Without credits yet."""
    return open_credit_book()
