"""What every test may ask for."""

import os
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from tests import laws as _laws  # noqa: F401  # sets the profile
from tests.flushing import empty_tables
from tests.loaded_book import loaded_book, url_of  # noqa: F401  # a fixture
from tests.reports.book import MONTHS
from tollbook.expenses.services import ensure_month_partitions
from tollbook.filetasks.services import heartbeat


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin no test after the moment that ``TOLLBOOK_TEST_UNTIL`` names, in seconds of the epoch.

    Whoever has to stop in time is told how many were not tried.
    """
    until = os.environ.get("TOLLBOOK_TEST_UNTIL")
    if until and time.time() > int(until):
        pytest.skip("NOT TRIED: the time for the tests is used up")


@pytest.fixture(autouse=True, scope="session")
def _services() -> None:
    """Where real services are asked for they must be named: nothing is passed over in silence."""
    if os.environ.get("TOLLBOOK_REQUIRE_SERVICES") == "1":
        assert os.environ["TOLLBOOK_TEST_LEDGER"] == "given", "DATABASE_URL is not set"
        assert os.environ.get("BROKER_URL"), "BROKER_URL is not set"


@pytest.fixture(autouse=True, scope="session")
def _emptied_after_commits() -> Iterator[None]:
    """What tests commit is removed by :func:`empty_tables`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty_tables())
        yield


@pytest.fixture(autouse=True, scope="session")
def _static_files_found_once() -> Iterator[None]:
    """Each of Django's test clients makes the middleware anew, which looks through every file."""
    found: dict[str, Any] = {}
    find = WhiteNoiseMiddleware.add_files_from_finders

    def add_files(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            find(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files)
        yield


@pytest.fixture(autouse=True)
def _heart_sees_what_is_committed(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heartbeat looks by a connection of its own: to it, a task that is not committed is gone.

    Where a test commits nothing, it does not look.
    """
    marker = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    if not commits and not (marker and marker.kwargs.get("transaction")):
        monkeypatch.setattr(heartbeat, "LOOK_SECONDS", 3600.0)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; threads that are still connected at the end do not keep it from going.

    It has the months that most tests write to, which each would else make for itself.
    """
    with django_db_blocker.unblock():
        ensure_month_partitions(MONTHS)
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def fresh_database_url() -> Iterator[str]:
    """The address of an empty database, for processes of a test's own; dropped at the end."""
    server = os.environ["DATABASE_URL"]
    name = f"{os.environ['TOLLBOOK_TEST_DATABASES']}_{os.urandom(4).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield url_of(name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
