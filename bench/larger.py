"""Lists over a book that is too large for the other parts, in a run of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.section import Section


def measure_apart(rows: int, *, tell: Callable[[str], None]) -> list[Section]:
    """The sections of ``--only lists`` over a book of ``rows``."""
    tell(f"lists over {rows:,} expenses")
    with TemporaryDirectory(prefix="tollbook-bench-") as folder:
        file = Path(folder) / "sections.json"
        command = [sys.executable, "-m", "bench", "--only", "lists"]
        command += ["--rows", str(rows), "--sections", str(file)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return [Section(**section) for section in json.loads(file.read_text())]


def write_sections(file: Path, sections: Sequence[Section]) -> None:
    """Keep the sections for the run that asked for them."""
    file.write_text(json.dumps([asdict(section) for section in sections]))
