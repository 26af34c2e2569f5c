"""What every reader gives: records as they stand in the file, with the line of each."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from tollbook.usage.refusals import no_refusals


@dataclass(frozen=True)
class RawBatch:
    """Some records: the line of each, columns of ``COLUMNS`` by name, and lines that are none.

    A column is text, dictionary-encoded or not, or of a type that its check knows.
    """

    lines: pl.Series
    table: pa.Table
    refused: pl.DataFrame = field(default_factory=no_refusals)

    @property
    def records(self) -> int:
        """How many records there are, with those that could not be read."""
        return len(self.lines) + self.refused["line"].n_unique()


Unread = Callable[[], RawBatch]
"""A piece of a file that is still to be read, on any thread and apart from the others."""
