"""Restore into databases that hold something, on any server; run it on PostgreSQL 15 as well."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.cli.commands import run_tollbook

pytestmark = pytest.mark.xdist_group("backup")

BARE: dict[str, str] = {"PATH": ""}
"""A machine without PostgreSQL's programs."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backup of a book with a key and a stored file, on embedded parts."""
    home = tmp_path_factory.mktemp("restoring") / "home"
    for words in (["migrate"], ["keys", "new", "--email", "o@example.com", "--role", "operator"]):
        assert run_tollbook(home, *words, "--json", more=BARE).stdout.startswith("{")
    (home / "storage/results").mkdir(parents=True)
    (home / "storage/results/1.parquet").write_bytes(b"content")
    file = home.parent / "book.tar"
    done = run_tollbook(home, "backup", str(file), "--json", more=BARE)
    told = {"file": str(file), "bytes": file.stat().st_size, "files": 1}
    assert json.loads(done.stdout) == told
    return file


@pytest.fixture
def migrated_url(fresh_database_url: str, tmp_path: Path) -> Iterator[str]:
    """Another database beside it, with the tables that migrations make."""
    parts = urlsplit(fresh_database_url)
    name = f"{parts.path[1:]}_migrated"
    change(fresh_database_url, f"CREATE DATABASE {name}")
    url = parts._replace(path=f"/{name}").geturl()
    try:
        more = {**BARE, "DATABASE_URL": url}
        assert run_tollbook(tmp_path / "migrated", "migrate", more=more).returncode == 0
        yield url
    finally:
        change(fresh_database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(fresh_database_url: str) -> str:
    """An empty database, where a book is to be restored."""
    return fresh_database_url


def restore(archive: Path, home: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return run_tollbook(home, "restore", str(archive), *words, more={**BARE, "DATABASE_URL": url})


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def change(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


MADE = """
SELECT 'relation', relkind::text, relname::text FROM pg_class
  WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'column', attrelid::regclass::text, attname FROM pg_attribute
  JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname FROM pg_trigger
  WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE 'pgmq.%'
UNION ALL SELECT 'function', '', oid::regprocedure::text FROM pg_proc
  WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""
"""All that was made in a database, but for the queue."""


@pytest.mark.long
def test_a_book_is_restored_without_programs_on_the_path_and_has_all_that_migrations_make(
    archive: Path, tmp_path: Path, url: str, migrated_url: str
) -> None:
    done = restore(archive, tmp_path, url, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["files"], told["rows"]["clients_user"]) == (1, 1)
    assert rows(url, "SELECT email FROM clients_user") == [("o@example.com",)]
    assert rows(url, MADE) == rows(migrated_url, MADE)


@pytest.mark.long
def test_a_book_that_nobody_has_used_yet_is_replaced(
    archive: Path, tmp_path: Path, url: str
) -> None:
    assert run_tollbook(tmp_path, "migrate", more={**BARE, "DATABASE_URL": url}).returncode == 0
    done = restore(archive, tmp_path, url)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_a_single_row_of_ours_anywhere_is_enough_to_refuse(
    archive: Path, tmp_path: Path, url: str
) -> None:
    assert run_tollbook(tmp_path, "migrate", more={**BARE, "DATABASE_URL": url}).returncode == 0
    change(url, "INSERT INTO django_session VALUES ('key', 'data', now())")
    refused = restore(archive, tmp_path, url)
    assert refused.returncode == 1
    assert "the book is not empty" in refused.stderr
    assert rows(url, "SELECT session_key FROM django_session") == [("key",)]


OTHERS = (
    "CREATE TABLE shop_orders (id int)",
    "INSERT INTO shop_orders VALUES (7)",
    "CREATE VIEW shop_report AS SELECT id FROM shop_orders",
    "CREATE FUNCTION shop_price() RETURNS int LANGUAGE sql AS 'SELECT 9'",
    "CREATE SEQUENCE shop_numbers",
)


@pytest.mark.long
def test_tables_of_others_are_named_and_nothing_is_touched(
    archive: Path, tmp_path: Path, url: str
) -> None:
    change(url, *OTHERS)
    refused = restore(archive, tmp_path, url)
    assert refused.returncode == 1
    assert "tables of others (shop_orders, shop_report)" in refused.stderr
    assert rows(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


@pytest.mark.long
def test_force_replaces_our_tables_and_leaves_those_of_others(
    archive: Path, tmp_path: Path, url: str
) -> None:
    change(url, *OTHERS)
    for _ in range(2):
        done = restore(archive, tmp_path, url, "--force")
        assert done.returncode == 0, done.stderr
    assert rows(url, "SELECT id, shop_price() FROM shop_report") == [(7, 9)]
    assert rows(url, "SELECT email FROM clients_user") == [("o@example.com",)]


@pytest.mark.long
def test_a_backup_holds_nothing_of_others(archive: Path, tmp_path: Path, url: str) -> None:
    assert restore(archive, tmp_path, url).returncode == 0
    change(url, *OTHERS)
    more = {**BARE, "DATABASE_URL": url}
    assert run_tollbook(tmp_path, "backup", str(tmp_path / "b.tar"), more=more).returncode == 0
    done = run_tollbook(tmp_path / "new", "restore", str(tmp_path / "b.tar"), more=BARE)
    assert done.returncode == 0, done.stderr
    change(url, "INSERT INTO shop_orders VALUES (8)")
    assert restore(tmp_path / "b.tar", tmp_path, url, "--force").returncode == 0
    assert rows(url, "SELECT count(*) FROM shop_orders") == [(2,)]


@pytest.mark.long
def test_what_others_built_on_our_tables_stops_a_restore_with_nothing_changed(
    archive: Path, tmp_path: Path, url: str
) -> None:
    assert restore(archive, tmp_path, url).returncode == 0
    change(url, "CREATE VIEW people AS SELECT email FROM clients_user")
    refused = restore(archive, tmp_path, url, "--force")
    assert refused.returncode == 1
    assert "other objects depend on" in refused.stderr
    assert rows(url, "SELECT email FROM people") == [("o@example.com",)]


@pytest.mark.long
def test_the_database_of_another_django_program_is_refused_even_by_force(
    archive: Path, tmp_path: Path, url: str
) -> None:
    change(
        url,
        "CREATE TABLE django_migrations (id int, app text, name text, applied timestamptz)",
        "INSERT INTO django_migrations VALUES (1, 'shop', '0001_initial', now())",
    )
    refused = restore(archive, tmp_path, url, "--force")
    assert refused.returncode == 1
    assert "migrations of shop" in refused.stderr
    assert rows(url, "SELECT app FROM django_migrations") == [("shop",)]


@pytest.mark.long
def test_files_are_there_before_the_ledger_names_them(
    archive: Path, tmp_path: Path, url: str
) -> None:
    (tmp_path / "storage").write_text("a file where the folder should be")
    refused = restore(archive, tmp_path, url)
    assert refused.returncode == 1
    assert rows(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
