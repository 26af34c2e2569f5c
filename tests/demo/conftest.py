"""The demo book in a database of this folder's own; each test is rolled back.

The tests themselves carry ``django_db``: without a marked test pytest-django makes no database.
"""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.loaded_book import LoadedBook, connected_to, name_of
from tollbook.demo.services import DemoBook, load_demo_book


@pytest.fixture(scope="package")
def demo_book(
    django_db_setup: None, loaded_book: LoadedBook, django_db_blocker: DjangoDbBlocker
) -> Iterator[DemoBook]:
    """The book at scale one."""
    with loaded_book.copy() as url, django_db_blocker.unblock(), connected_to(name_of(url)):
        yield load_demo_book()
