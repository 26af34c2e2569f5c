"""Lines of CSV: how many there are, and the fields of the first."""

import csv
import io
import re
from typing import Final

from tollbook.reports.proof.pieces import NotAsWritten

_QUOTED: Final = re.compile(rb'"[^"]*"')


def line_count(lines: bytes) -> int:
    """How many lines of CSV these are; those inside of quoted texts do not count."""
    return (_QUOTED.sub(b"", lines) if b'"' in lines else lines).count(b"\n")


def first_fields(lines: bytes) -> tuple[str, ...]:
    """The fields of the first line."""
    try:
        reader = csv.reader(io.StringIO(lines.decode(), newline=""), strict=True)
        return tuple(next(reader))
    except (UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise NotAsWritten(f"the header line cannot be read: {error}") from error
