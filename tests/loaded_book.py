"""The demo book, loaded once a run: whoever wants one is given a copy of its database.

Loading takes as long as dozens of tests; PostgreSQL copies a whole database in a second or two. The
files of its usage lie in the home that all workers share.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql
from pytest_django import DjangoDbBlocker

from tollbook.demo.services import load_demo_book

_LOCK: Final = "SELECT pg_advisory_lock(hashtext('tollbook demo for tests'))"
_COPY: Final = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"


@dataclass(frozen=True)
class LoadedBook:
    """A database that holds the book as it was loaded, and that nobody connects to."""

    name: str

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The address of a copy, for the block."""
        name = f"{self.name}_{os.urandom(4).hex()}"
        self.copy_to(name)
        try:
            yield url_of(name)
        finally:
            _change("DROP DATABASE {} WITH (FORCE)", name)

    def copy_to(self, name: str) -> None:
        """Make the database ``name`` a copy that goes with the run."""
        _change(_COPY, name, self.name)

    def copy_files_to(self, home: Path) -> None:
        """Give a home of a test's own the files of usage that the book names."""
        shutil.copytree(_home() / "storage", home / "storage")


@pytest.fixture(scope="session")
def loaded_book(django_db_blocker: DjangoDbBlocker) -> LoadedBook:
    """The book, by whichever worker needs it first; it goes with the run, as all its databases."""
    name = f"{os.environ['TOLLBOOK_TEST_DATABASES']}_book"
    with one_at_a_time() as known:
        if name not in known:
            _change("CREATE DATABASE {}", name)
            try:
                with django_db_blocker.unblock(), connected_to(name):
                    call_command("migrate", verbosity=0)
                    load_demo_book()
            except BaseException:
                _change("DROP DATABASE {} WITH (FORCE)", name)  # nobody takes it for the book
                raise
    return LoadedBook(name)


@contextmanager
def one_at_a_time() -> Iterator[set[str]]:
    """Other workers wait meanwhile; gives the names of the databases that there are."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as shared:
        shared.execute(_LOCK)
        yield {name for (name,) in shared.execute("SELECT datname FROM pg_database")}


def url_of(name: str) -> str:
    """The address of a database beside the one that the tests were given."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def name_of(url: str) -> str:
    """The name of the database at an address."""
    return urlsplit(url).path[1:]


class connected_to:  # noqa: N801  # reads as what it does
    """Django's connection leads to another database of the same server meanwhile."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        connection.close()
        self.before = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = self.name

    def __exit__(self, *_: object) -> None:
        connection.close()
        connection.settings_dict["NAME"] = self.before


def _home() -> Path:
    return Path(os.environ["TOLLBOOK_TEST_HOME"])


def _change(statement: LiteralString, *names: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
