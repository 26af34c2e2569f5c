"""What state of the book a report was made from, where no moment of writing tells it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db.models import CharField, Count, DecimalField, Func, QuerySet, Sum, Value
from django.db.models.functions import Cast

from tollbook.reports.snapshot import Snapshot


@dataclass(frozen=True)
class RowsSeen:
    """How many rows a query has, and a number that differs when any of them does."""

    rows: int
    digest: int

    def __add__(self, other: "RowsSeen") -> "RowsSeen":
        return RowsSeen(self.rows + other.rows, self.digest + other.digest)

    @property
    def text(self) -> str:
        """The digest, as short as it can be read aloud."""
        return f"{self.digest % 2**64:016x}"


class _RowHash(Func):
    """PostgreSQL's 64-bit hash of a row as text: equal rows give equal numbers, on any server."""

    template = "hashtextextended(ROW(%(expressions)s)::text, 0)::numeric"
    output_field = DecimalField(max_digits=38, decimal_places=0)


def rows_seen(snapshot: Snapshot, query: QuerySet[Any, Any], facts: Sequence[str]) -> RowsSeen:
    """What the snapshot has of ``query``, by the columns ``facts`` of it; PostgreSQL adds up."""
    counted = (
        query.order_by()
        .values(every=Value(1))
        .annotate(rows=Count("pk"), digest=Cast(Sum(_RowHash(*facts)), CharField()))
        .values_list("rows", "digest")
    )
    found = snapshot.table(counted).to_pylist()
    return RowsSeen(
        sum(row["rows"] for row in found), sum(int(row["digest"] or 0) for row in found)
    )


def names_digest(names: Mapping[str, pa.Table]) -> str:
    """What tells small tables of ids and names apart, whatever order they were read in."""
    digest = hashlib.sha256()
    for key in sorted(names):
        table = names[key].sort_by([(names[key].schema.names[0], "ascending")])
        digest.update(json.dumps([key, *table.to_pydict().values()]).encode())
    return digest.hexdigest()[:12]
