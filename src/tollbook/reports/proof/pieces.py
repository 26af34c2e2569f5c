"""What every reader of a downloaded file gives: the lines of its CSV, a piece at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

OnProgress = Callable[[int, int], None]
"""Called with how much of a file is read, and of how much."""
Pieces = Callable[[], Iterator[bytes]]
"""Whole lines of CSV, guarded as the digest is taken; from the start with every call."""


class FileForm(StrEnum):
    """What a downloaded file is."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    PARQUET = "parquet"


class NotAsWritten(ValueError):
    """The file broke off, or it is not written as Tollbook writes such a file."""


@dataclass
class About:
    """What a file tells about itself beside its rows, as far as it was read."""

    digest: str | None = None
    rows: int | None = None
    lines: dict[str, str] = field(default_factory=dict)
    """Label and value, as the information sheet of a workbook has them."""
    cut: bool = False
    """Texts may be cut to what a cell of a workbook holds."""
    guarded: bool = False
    """A text of the CSV has a guard against formulas."""


@dataclass(frozen=True)
class ReportFile:
    """One downloaded file; ``as_raw`` are the pieces of a CSV if it was downloaded raw."""

    form: FileForm
    about: About
    pieces: Pieces
    as_raw: Pieces | None = None
