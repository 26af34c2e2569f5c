"""The embedded PostgreSQL, with real servers: made, found again, shared, killed, recovered."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from tests.patience import PATIENCE, until
from tollbook.config.embedded_postgres import (
    EmbeddedPostgres,
    embedded_database_url,
    running_embedded_postgres,
)
from tollbook.kernel.errors import Unavailable

HOLD_OPEN = """
import sys, time
from pathlib import Path
from tollbook.config.embedded_postgres import running_embedded_postgres
with running_embedded_postgres(Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(600)
"""

OWN_ROLE_AND_LOCALE = """
SELECT rolsuper, datlocale FROM pg_roles, pg_database
WHERE rolname = current_user AND datname = current_database()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "the home, with odd 'letters' é"


@pytest.fixture
def holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that started the server and keeps it."""
    with _holding(home) as process:
        yield process
        process.kill()


def test_a_new_home_gets_a_durable_server_that_wants_a_password(home: Path) -> None:
    with running_embedded_postgres(home) as url:
        assert _setting(url, "fsync") == "on"
        assert _setting(url, "full_page_writes") == "on"
        assert _setting(url, "data_checksums") == "on"
        assert _setting(url, "TimeZone") == "UTC"
        assert _setting(url, "listen_addresses") == "127.0.0.1"
        assert _setting(url, "unix_socket_directories") == ""
        assert _rows(url, OWN_ROLE_AND_LOCALE) == [(False, "C.UTF-8")]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(str(urlsplit(url).password), "guessed"))
        for user in ("postgres", "tollbook"):
            with pytest.raises(psycopg.OperationalError, match=r"no password supplied"):
                psycopg.connect(f"postgresql://{user}@127.0.0.1:{urlsplit(url).port}/postgres")


def test_the_address_is_kept_where_only_its_owner_reads_it(home: Path) -> None:
    assert embedded_database_url(home) is None
    with running_embedded_postgres(home) as url:
        assert embedded_database_url(home) == url
    assert stat.S_IMODE((home / "postgres" / "url").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "postgres").stat().st_mode) & 0o066 == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_rows_and_address_stay_over_a_stop_and_a_start(home: Path) -> None:
    with running_embedded_postgres(home) as first:
        _run_sql(first, "CREATE TABLE kept AS SELECT generate_series(1, 200) AS n")
    assert not EmbeddedPostgres(home).is_running()
    started = time.monotonic()
    with running_embedded_postgres(home) as second:
        assert time.monotonic() - started < 5 * PATIENCE
        assert second == first
        assert _rows(second, "SELECT count(*) FROM kept") == [(200,)]


def test_the_role_may_make_databases_and_the_extensions_that_we_use(home: Path) -> None:
    with running_embedded_postgres(home) as url:
        _run_sql(url, "CREATE DATABASE test_tollbook")
        _run_sql(url, "CREATE EXTENSION btree_gist")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _run_sql(url, "COPY (SELECT 1) TO PROGRAM 'true'")


def test_a_taken_port_is_left_for_another(home: Path) -> None:
    with running_embedded_postgres(home) as first:
        pass
    stranger = socket.create_server(("127.0.0.1", urlsplit(first).port or 0))
    with stranger, running_embedded_postgres(home) as second:
        assert urlsplit(second).port != urlsplit(first).port
        assert _rows(second, "SELECT 1") == [(1,)]
        assert embedded_database_url(home) == second


def test_a_second_user_joins_the_server_and_does_not_stop_it(
    home: Path, holder: subprocess.Popen[str]
) -> None:
    started = _line(holder)
    with running_embedded_postgres(home) as url:
        assert url == started
        assert _rows(url, "SELECT 1") == [(1,)]
    assert EmbeddedPostgres(home).is_running()
    assert not EmbeddedPostgres(home).claim()
    assert EmbeddedPostgres(home).holder() == str(holder.pid)


@pytest.mark.long
def test_the_one_who_started_it_waits_for_the_others(
    home: Path, holder: subprocess.Popen[str]
) -> None:
    _line(holder)
    with _holding(home) as second:
        url = _line(second)
        holder.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert _rows(url, "SELECT 1") == [(1,)]
        second.kill()
    until(lambda: not EmbeddedPostgres(home).is_running())


def test_killing_the_starter_stops_the_server_and_loses_no_committed_row(
    home: Path, holder: subprocess.Popen[str]
) -> None:
    url = _line(holder)
    postmaster = _postmaster(home)
    _run_sql(url, "CREATE TABLE kept AS SELECT 1 AS n")
    holder.kill()
    holder.wait()
    until(lambda: not psutil.pid_exists(postmaster))
    with running_embedded_postgres(home) as again:
        assert _rows(again, "SELECT n FROM kept") == [(1,)]


@pytest.mark.long
def test_killing_the_starter_stops_even_a_server_in_recovery(
    home: Path, holder: subprocess.Popen[str]
) -> None:
    _line(holder)
    postmaster = psutil.Process(_postmaster(home))
    next(child for child in postmaster.children() if "writer" in child.cmdline()[0]).kill()
    until(lambda: "reinitializing" in EmbeddedPostgres(home).log.read_text())
    holder.kill()
    holder.wait()
    until(lambda: not postmaster.is_running())


@pytest.mark.long
def test_killing_starter_and_server_together_loses_no_committed_row(
    home: Path, holder: subprocess.Popen[str]
) -> None:
    url = _line(holder)
    _run_sql(url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    postmaster = _postmaster(home)
    os.kill(holder.pid, signal.SIGSTOP)
    os.kill(postmaster, signal.SIGKILL)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (home / "postgres" / "data" / "postmaster.pid").exists()
    with running_embedded_postgres(home) as again:
        assert _rows(again, "SELECT count(*) FROM kept") == [(1000,)]


def test_a_stale_note_that_names_a_living_stranger_does_not_stop_the_start(home: Path) -> None:
    with running_embedded_postgres(home):
        pass
    note = home / "postgres" / "data" / "postmaster.pid"
    with subprocess.Popen(["sleep", "600"]) as stranger:
        note.write_text(f"{stranger.pid}\n{note.parent}\n1\n1\n\n127.0.0.1\n0 0\nready\n")
        with running_embedded_postgres(home) as url:
            assert _rows(url, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.long
def test_a_server_that_outlived_its_starter_is_stopped_and_replaced(home: Path) -> None:
    server = EmbeddedPostgres(home)
    assert server.claim()
    url = server.prepare()
    untied = server.command()
    untied[untied.index(str(int(signal.SIGQUIT)))] = "0"
    with subprocess.Popen(untied, stderr=subprocess.DEVNULL) as orphan:
        until(server.is_running)
        _run_sql(url, "CREATE TABLE kept AS SELECT 1 AS n")
        server.stop()
        with running_embedded_postgres(home) as again:
            assert orphan.wait(0) == 0
            assert _postmaster(home) != orphan.pid
            assert _rows(again, "SELECT n FROM kept") == [(1,)]


@pytest.mark.long
def test_half_a_data_folder_is_made_again(home: Path) -> None:
    half = home / "postgres" / "data.halfway"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with running_embedded_postgres(home) as url:
        assert _rows(url, "SELECT 1") == [(1,)]
    assert not half.exists()


@pytest.mark.long
def test_killing_the_first_start_at_any_moment_does_not_trip_the_next(home: Path) -> None:
    for moment in (0.3, 0.5, 0.8):
        shutil.rmtree(home, ignore_errors=True)
        with _holding(home) as process:
            time.sleep(moment)
            process.kill()
        with running_embedded_postgres(home) as url:
            assert _rows(url, "SELECT 1") == [(1,)]


@pytest.mark.long
def test_a_lost_address_is_made_anew_and_the_rows_are_still_there(home: Path) -> None:
    with running_embedded_postgres(home) as first:
        _run_sql(first, "CREATE TABLE kept AS SELECT 1 AS n")
    (home / "postgres" / "url").write_text("")
    with running_embedded_postgres(home) as second:
        assert urlsplit(second).password != urlsplit(first).password
        assert _rows(second, "SELECT n FROM kept") == [(1,)]


def test_a_home_that_is_no_folder_is_named(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("")
    with pytest.raises(Unavailable, match=r"file.* cannot be used: .*set TOLLBOOK_HOME"):
        EmbeddedPostgres(home).claim()


def test_data_of_another_major_version_are_refused(home: Path) -> None:
    with running_embedded_postgres(home):
        pass
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(Unavailable, match="written by PostgreSQL 17"),
        running_embedded_postgres(home),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give its data to another user")
def test_root_runs_the_server_as_the_user_who_owns_the_data(home: Path) -> None:
    with running_embedded_postgres(home) as url:
        _run_sql(url, "CREATE TABLE kept AS SELECT 1 AS n")
    nobody = pwd.getpwnam("nobody")
    for path in (home / "postgres" / "data", *(home / "postgres" / "data").rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    with running_embedded_postgres(home) as url:
        assert psutil.Process(_postmaster(home)).uids().effective == nobody.pw_uid
        assert _rows(url, "SELECT n FROM kept") == [(1,)]


def _holding(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD_OPEN, str(home)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _postmaster(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def _run_sql(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def _setting(url: str, name: str) -> object:
    return _rows(url, f"SHOW {name}")[0][0]
