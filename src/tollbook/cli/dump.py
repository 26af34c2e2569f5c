"""Dumps of the ledger by PostgreSQL's own programs."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tollbook.cli.tables import MADE_AGAIN, count_rows, drop_statements, find_own_objects, quoted
from tollbook.config.embedded_postgres.programs import postgres_program, program_environment
from tollbook.kernel.errors import Unavailable

_PROGRAMS: Final = ("pg_dump", "pg_restore", "psql")

_BEGIN: Final = b"""BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL check_function_bodies = off;
"""
_COMMIT: Final = b"\nCOMMIT;\n"

_SECTIONS: Final = ("pre-data", "data", "post-data")
_OPENING_LINES: Final = 100
"""Within them each section sets what it needs; data come later."""

_UNKNOWN_BEFORE_17: Final = b"SET transaction_timeout = 0;\n"
_COLUMN_OPTIONS: Final = re.compile(rb"ALTER TABLE ONLY .+ ALTER COLUMN .+ SET \(.+\);\n")
"""Our columns have none, but some servers add options that others do not know."""


def write_dump(url: str, path: Path, functions: Path, *, tables: Sequence[str]) -> dict[str, int]:
    """Dump those of ``tables`` that are there into ``path``, and the functions that they need.

    Returns the rows of each table as they were dumped; those that can be made again are left out.
    """
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchall()[0][0]
        own = find_own_objects(connection, tables)
        functions.write_text("".join(f"{text.rstrip()};\n" for text in own.definitions))
        names = [*own.tables, *own.partitions, *own.sequences]
        major = connection.info.server_version // 10_000
        options = ["-Fc", "-Z", "3", f"--snapshot={snapshot}"]
        options += [f"--table={quoted(name)}" for name in names]
        options += [f"--exclude-table-data={quoted(name)}" for name in MADE_AGAIN]
        target, environment = _connection_of(url)
        done = subprocess.run(
            [_program("pg_dump", major), *options, "-f", str(path), target],
            env=environment,
            stderr=subprocess.PIPE,
            check=False,
        )
        _check("pg_dump", done.returncode, done.stderr)
        counts = count_rows(connection, tables)
        return {table: 0 if table in MADE_AGAIN else rows for table, rows in counts.items()}


def load_dump(url: str, path: Path, functions: bytes, *, tables: Sequence[str]) -> None:
    """Put the dump in the place of those of ``tables`` that are there; all or nothing.

    Whatever else the database holds stays as it is.
    """
    with psycopg.connect(url) as connection:
        major = connection.info.server_version // 10_000
        opening = _BEGIN + drop_statements(find_own_objects(connection, tables)).encode()
    target, environment = _connection_of(url)
    reading = [reading_program("pg_restore", major), "--no-owner", "--no-privileges", "-f", "-"]
    reading.append(str(path))
    writing = [reading_program("psql", major), "--no-psqlrc", "--quiet"]
    writing += ["-v", "ON_ERROR_STOP=1", target]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            writing, stdin=subprocess.PIPE, stdout=said, stderr=said, env=environment
        ) as sink,
    ):
        if sink.stdin is None:
            raise TypeError("psql needs a pipe")
        status = 0
        with suppress(BrokenPipeError), sink.stdin as script:
            script.write(opening + functions)
            for section in _SECTIONS:
                command = [*reading, f"--section={section}"]
                status = status or _feed(script, command, section, said, major)
            script.write(b"" if status else _COMMIT)
        sink.wait()
        said.seek(0)
        _check("pg_restore", status or sink.returncode, said.read())


def _feed(
    script: IO[bytes], command: Sequence[str], section: str, said: IO[bytes], major: int
) -> int:
    """Pass a section on without what the server may not know; the status of who reads it."""
    environment = program_environment()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment) as source:
        if source.stdout is None:
            raise TypeError("pg_restore needs a pipe")
        whole = section != "data"
        for line in source.stdout if whole else islice(source.stdout, _OPENING_LINES):
            if (line != _UNKNOWN_BEFORE_17 or major >= 17) and not _COLUMN_OPTIONS.fullmatch(line):
                script.write(line)
        shutil.copyfileobj(source.stdout, script)
    return source.returncode


def reading_program(name: str, server_major: int) -> str:
    """The newer of the path's and the embedded one: what wrote the dump may be newer than both.

    A dump of the embedded ledger goes so into an older server whose programs cannot read it.
    """
    chosen = _program(name, server_major)
    with suppress(Unavailable):
        embedded = str(postgres_program(name))
        if _major(embedded) > _major(chosen):
            return embedded
    return chosen


def _connection_of(url: str) -> tuple[str, dict[str, str]]:
    """What a program is told on its command line, which others see, and in its environment."""
    given: dict[str, Any] = conninfo_to_dict(url)
    password = given.pop("password", None)
    environment = program_environment()
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    return f"--dbname={make_conninfo(**given)}", environment


def _program(name: str, server_major: int) -> str:
    """The one on the path where all are there and not older than the server, else the embedded.

    All come from one place: what one of them writes another of the same age understands.
    """
    found = {each: shutil.which(each) for each in _PROGRAMS}
    if all(path is not None and _major(path) >= server_major for path in found.values()):
        return str(found[name])
    embedded = str(postgres_program(name))
    if _major(embedded) < server_major:
        raise Unavailable(f"{name} of PostgreSQL {server_major} or later must be on the path")
    return embedded


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\) (\d+)", said.stdout)
    return int(match[1]) if match else 0


def _check(name: str, status: int, said: bytes) -> None:
    if status == 0:
        return
    lines = [line for line in said.decode(errors="replace").splitlines() if "error" in line.lower()]
    reason = next(iter(lines), said.decode(errors="replace").strip()[-300:])
    raise Unavailable(f"{name} ended with status {status}: {reason}")
