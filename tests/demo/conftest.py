"""The demo book, loaded once for this folder and rolled back after it.

The tests themselves carry ``django_db``: without a marked test pytest-django makes no database.
"""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tollbook.demo.services import DemoBook, load_demo_book


@pytest.fixture(scope="package")
def demo_book(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoBook]:
    """The book at scale one."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield load_demo_book()
        transaction.set_rollback(True)
