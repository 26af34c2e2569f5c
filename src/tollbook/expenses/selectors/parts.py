"""What stands inside expenses: few columns of many tables, kept until any of those tables changes.

Triggers append a random number for every statement that changes one of the tables; the sum of all
that a query sees tells, exactly, which changes it saw. What was read under a sum is true under it
whenever and wherever that was, so a process keeps it, and drops it as soon as another sum is seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import orjson
from django.db import connection, models

from tollbook.catalog.models import (
    Currency,
    Feature,
    Metric,
    Plan,
    PlanItem,
    Product,
    ProductCategory,
    StatisticRegion,
    Unit,
)
from tollbook.clients.models import Client
from tollbook.contracts.models import Addendum, Discount

MOST_KEPT: Final = 20_000
"""Parts; a page needs some hundred of them, and each takes about half a kilobyte."""
MARK_QUERY: Final = "SELECT sum(mark)::text FROM expenses_partmark"


class Part(SimpleNamespace):
    """A row of one of those tables; ``shown`` is for its reader, who makes it once for a row."""

    id: int
    shown: object = None


@dataclass(frozen=True)
class _Source:
    """A table and the columns that are read of it."""

    table: type[models.Model]
    columns: tuple[str, ...]

    def query(self, name: str) -> str:
        """What and which each row of some ids is, with its columns as JSON."""
        pairs = ", ".join(f"'{column}', {self._read(column)}" for column in ("id", *self.columns))
        return (
            f"SELECT '{name}' AS name, json_build_object({pairs}) AS row"  # noqa: S608
            f" FROM {self.table._meta.db_table}"  # noqa: SLF001
            " WHERE id = ANY(%s)"
        )

    def part(self, row: dict[str, Any]) -> Part:
        """The row with moments and decimals as they are in Python."""
        for column in self.columns:
            field = self.table._meta.get_field(column)  # noqa: SLF001
            if isinstance(field, models.DateTimeField | models.DecimalField):
                row[column] = field.to_python(row[column])
        return Part(**row)

    def _read(self, column: str) -> str:
        """A decimal goes as text: a JSON number would lose digits."""
        exact = isinstance(self.table._meta.get_field(column), models.DecimalField)  # noqa: SLF001
        return f'"{column}"::text' if exact else f'"{column}"'


PARTS: Final[Mapping[str, _Source]] = {
    "client": _Source(Client, ("company_name",)),
    "addendum": _Source(Addendum, ("status", "active_from", "active_to")),
    "plan": _Source(Plan, ("name",)),
    "plan_item": _Source(PlanItem, ("default", "comment", "description")),
    "product": _Source(Product, ("name_en", "internal_name")),
    "product_category": _Source(ProductCategory, ("name",)),
    "feature": _Source(Feature, ("name", "erp_sku_id")),
    "metric": _Source(Metric, ("ext_name",)),
    "region": _Source(StatisticRegion, ("name_en", "ext_name")),
    "unit": _Source(Unit, ("name",)),
    "currency": _Source(Currency, ("char_code", "symbol")),
    "discount": _Source(Discount, ("relative_value", "comment")),
}
"""By the name that an expense has for it: ``client`` for ``client_id``."""

Parts = Mapping[str, Mapping[int, Part]]
"""By name and id."""


@dataclass
class _Kept:
    """What was read under one sum of marks; none where nothing is marked."""

    mark: str | None
    parts: dict[str, dict[int, Part]] = field(default_factory=lambda: {name: {} for name in PARTS})

    def add(self, parts: Parts) -> None:
        for name, rows in parts.items():
            self.parts[name].update(rows)

    @property
    def size(self) -> int:
        return sum(map(len, self.parts.values()))


class _Memory:
    """The latest of what is kept; threads add to it and replace it, and never take from it."""

    latest = _Kept(None)


def find_parts(wanted: Mapping[str, set[int]], mark: str | None) -> Parts:
    """The rows that ``wanted`` names, as they were when the sum of marks was ``mark``, or later.

    One query where some are not known yet, none otherwise.
    """
    kept = _Memory.latest
    if mark is None or kept.mark != mark:
        kept = _Kept(mark)
    known = kept.parts
    missing = {
        name: [each for each in ids if each not in known[name]] for name, ids in wanted.items()
    }
    missing = {name: ids for name, ids in missing.items() if ids}
    if not missing:
        return known
    found, mark_then = _read(missing)
    if mark is not None and mark_then == mark:
        kept = kept if kept.size <= MOST_KEPT else _Kept(mark)
        kept.add(found)
        _Memory.latest = kept
    return {
        name: {each: found[name].get(each) or known[name][each] for each in ids}
        for name, ids in wanted.items()
    }


def kept_parts() -> Parts:
    """What this process keeps."""
    return _Memory.latest.parts


def forget_parts() -> None:
    """Let this process begin anew."""
    _Memory.latest = _Kept(None)


def _read(missing: Mapping[str, Sequence[int]]) -> tuple[Parts, str | None]:
    rows = "\nUNION ALL\n".join(PARTS[name].query(name) for name in missing)
    listed = "json_agg(json_build_array(name, row))::text"
    statement = f"SELECT ({MARK_QUERY}), {listed} FROM ({rows}) AS parts"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(ids) for ids in missing.values()])
        ((mark, texts),) = cursor.fetchall()
    found: dict[str, dict[int, Part]] = {name: {} for name in PARTS}
    for name, row in orjson.loads(texts or "[]"):
        found[name][row["id"]] = PARTS[name].part(row)
    return found, mark
