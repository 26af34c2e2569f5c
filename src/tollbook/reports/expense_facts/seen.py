"""What went into a report, counted while it is read: the version of its data."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from tollbook.reports.versions import names_digest


class Seen:
    """How many expenses were read, how many of them deleted, and when the newest was written.

    ``names`` are part of the version: an expense does not change when its client's name does, and
    the report does.
    """

    def __init__(self, names: Mapping[str, pa.Table]) -> None:
        self.records = 0
        self._deleted = 0
        self.newest: datetime | None = None
        self._names = names_digest(names)

    def rows(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``batches`` of expenses, unchanged."""
        for batch in batches:
            deleted, newest = pc.sum(batch["deleted"]).as_py(), pc.max(batch["created_at"]).as_py()
            self.note(batch.num_rows, deleted, newest)
            yield batch

    def groups(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``batches`` of expenses added up, unchanged."""
        for batch in batches:
            deleted = pc.sum(batch.filter(batch["deleted"])["expenses"]).as_py()
            newest = pc.max(batch["newest"]).as_py()
            self.note(pc.sum(batch["expenses"]).as_py() or 0, deleted, newest)
            yield batch

    @property
    def version(self) -> str:
        """What state of the book it was; known once everything was read."""
        if self.newest is None:
            return "no expenses"
        deleted = f" ({self._deleted} deleted)" if self._deleted else ""
        newest = self.newest.isoformat()
        return f"{self.records} expenses{deleted}, newest {newest}, names {self._names}"

    def note(self, records: int, deleted: int | None, newest: datetime | None) -> None:
        """So many expenses went into the report, the newest written then."""
        self.records += records
        self._deleted += deleted or 0
        moments = [moment for moment in (self.newest, newest) if moment]
        self.newest = max(moments, default=None)
