"""The data folder of the embedded server: made once and whole, or not at all."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tollbook.config.embedded_postgres.owner import give_to
from tollbook.config.embedded_postgres.programs import postgres_program, program_environment
from tollbook.config.embedded_postgres.url import ROLE
from tollbook.config.processes import tied_command
from tollbook.kernel.errors import Unavailable

MAJOR_VERSION: Final = "18"

_SETTINGS: Final = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
}
"""The start of ``postgresql.conf``, which the operator may edit afterwards; fsync stays on."""

_ACCESS: Final = "host all all 127.0.0.1/32 scram-sha-256\n"


def create_cluster(data: Path, *, owner: str, password: str) -> None:
    """Make ``data`` beside its place and move it there when it is whole."""
    for leftover in data.parent.glob("data.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="data.", dir=data.parent))
    give_to(owner, fresh)
    _run([postgres_program("initdb"), "-D", fresh, *_initdb_options()], owner=owner)
    (fresh / "pg_hba.conf").write_text(_ACCESS)
    _run_sql(
        fresh,
        owner,
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'",
        f"GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO {ROLE}",
        f"CREATE DATABASE {ROLE} OWNER {ROLE}",
    )
    fresh.rename(data)


def change_password(data: Path, *, owner: str, password: str) -> None:
    """Give the role a new password; the server must not run."""
    _run_sql(data, owner, f"ALTER ROLE {ROLE} PASSWORD '{password}'")


def check_version(data: Path) -> None:
    """Refuse a data folder of another major version."""
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise Unavailable(
            f"{data} was written by PostgreSQL {found}, this is {MAJOR_VERSION}: make a backup "
            f"with the Tollbook that wrote it and restore it into a new home folder"
        )


def _initdb_options() -> list[str]:
    options = ["--username=postgres", "--auth=reject", "--encoding=UTF8", "--data-checksums"]
    options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options + [f"--set={name}={value}" for name, value in _SETTINGS.items()]


def _run_sql(data: Path, owner: str, *statements: str) -> None:
    program = postgres_program("postgres")
    _run(
        [program, "--single", "-D", data, "-j", "postgres"],
        owner=owner,
        sent=";\n\n".join([*statements, ""]),
    )


def _run(command: Sequence[str | Path], *, owner: str, sent: str = "") -> None:
    done = subprocess.run(
        tied_command(command, owner=owner),
        input=sent,
        env=program_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if _is_complaint(line)]
    if done.returncode != 0 or complaints:
        reason = next(iter(complaints), f"status {done.returncode} {done.stderr.strip()[-200:]}")
        raise Unavailable(f"PostgreSQL could not be set up: {reason}")


def _is_complaint(line: str) -> bool:
    return any(word in line for word in ("ERROR:", "FATAL:", "PANIC:", "error:"))
