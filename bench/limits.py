"""The raw limits beside a report: PostgreSQL's own COPY, a copy in memory, a write to disk."""

import os
import subprocess
import time
from pathlib import Path
from typing import Final

from bench.peers.rows import chosen_values
from bench.span import Span

_PIECE: Final = 1 << 20


def copy_to_file(span: Span, file: Path) -> float:
    """Seconds that ``psql`` takes to COPY the rows of the report, names joined, to a CSV file."""
    from bench.ours import report_columns

    return _psql(chosen_values(span, report_columns()), file)


def copy_to_nowhere(span: Span) -> float:
    """The same, thrown away as it comes."""
    from bench.ours import report_columns

    return _psql(chosen_values(span, report_columns()), Path(os.devnull))


def copy_facts_to_nowhere(span: Span) -> float:
    """Seconds for the facts alone, as the ledger has them: ids in place of names."""
    from bench.peers.rows import chosen_expenses
    from tollbook.reports.dataset import facts_of
    from tollbook.reports.templates.expense_columns import EACH_EXPENSE

    facts = facts_of(EACH_EXPENSE)
    return _psql(chosen_expenses(span).values_list(*facts), Path(os.devnull))


def copy_in_memory(content: bytes) -> float:
    """Seconds to copy the bytes."""
    began = time.perf_counter()
    copied = bytearray(content)
    seconds = time.perf_counter() - began
    del copied
    return seconds


def write_to_disk(content: bytes, file: Path) -> float:
    """Seconds to write the bytes and see them on the disk."""
    began = time.perf_counter()
    with file.open("wb") as opened:
        for start in range(0, len(content), _PIECE):
            opened.write(content[start : start + _PIECE])
        opened.flush()
        os.fsync(opened.fileno())
    return time.perf_counter() - began


def _psql(query: object, file: Path) -> float:
    from tollbook.config.embedded_postgres.programs import postgres_program, program_environment
    from tollbook.reports.snapshot import literal_sql

    sql = literal_sql(query)  # type: ignore[arg-type]
    command = [str(postgres_program("psql")), os.environ["DATABASE_URL"], "-q", "-o", str(file)]
    command += ["-c", f"COPY ({sql}) TO STDOUT (FORMAT csv)"]
    began = time.perf_counter()
    subprocess.run(command, check=True, env=os.environ | program_environment())
    return time.perf_counter() - began
