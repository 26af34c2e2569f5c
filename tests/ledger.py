"""Pytest plugin: the PostgreSQL that tests run on, embedded unless ``DATABASE_URL`` names one.

It is loaded before Django's settings are read, so everything that a test starts in a process of
its own sees the same addresses.
"""

import os
import secrets
import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

_stack = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Set the addresses as early as pytest allows; an xdist worker has them already."""
    if os.environ.get("TOLLBOOK_TEST_HOME"):
        return
    os.environ["TOLLBOOK_TEST_DATABASES"] = f"tollbook_tests_{secrets.token_hex(4)}"
    home = Path(tempfile.mkdtemp(prefix="tollbook-tests-"))
    _stack.callback(shutil.rmtree, home, ignore_errors=True)
    os.environ["TOLLBOOK_TEST_HOME"] = os.environ["TOLLBOOK_HOME"] = str(home)
    os.environ["TOLLBOOK_TEST_LEDGER"] = "given" if os.environ.get("DATABASE_URL") else "embedded"
    if not os.environ.get("DATABASE_URL"):
        from tollbook.config.embedded_postgres import running_embedded_postgres

        os.environ["DATABASE_URL"] = _stack.enter_context(running_embedded_postgres(home))
        _spare_the_disk(home / "postgres" / "data")
    _stack.callback(_drop_databases, os.environ["DATABASE_URL"])


def _drop_databases(server: str) -> None:
    """Drop what workers share; what is theirs alone they have dropped themselves."""
    with psycopg.connect(server, autocommit=True) as connection:
        ours = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s",
            [f"{os.environ['TOLLBOOK_TEST_DATABASES']}%"],
        ).fetchall()
        for (name,) in ours:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


def _spare_the_disk(data: Path) -> None:
    """Let this throw-away server wait for no disk and seldom wake; those that tests start do."""
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
        settings.write("wal_writer_delay = 10s\nbgwriter_delay = 10s\n")
    postmaster = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(postmaster, signal.SIGHUP)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    if not hasattr(config, "workerinput"):
        _stack.close()
