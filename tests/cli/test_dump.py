"""Which of PostgreSQL's programs read a dump."""

from pathlib import Path

import pytest

from tollbook.cli.dump import reading_program
from tollbook.config.embedded_postgres.cluster import MAJOR_VERSION
from tollbook.config.embedded_postgres.programs import postgres_program


def programs_of(folder: Path, major: int) -> None:
    """Programs that say that they are of this version."""
    for name in ("pg_dump", "pg_restore", "psql"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {major}.1'\n")
        program.chmod(0o700)


@pytest.mark.parametrize("name", ["pg_restore", "psql"])
def test_an_older_servers_programs_do_not_read_a_dump_of_the_embedded_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs_of(tmp_path, 15)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert reading_program(name, 15) == str(postgres_program(name))


def test_newer_programs_on_the_path_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs_of(tmp_path, int(MAJOR_VERSION) + 1)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert reading_program("pg_restore", 15) == str(tmp_path / "pg_restore")
