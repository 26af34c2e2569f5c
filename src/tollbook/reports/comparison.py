"""How two results of one layout are set beside each other, as a template declares it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from tollbook.reports.dataset import Made
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot

REASON: Final = "reason"
"""The column that holds why a row is there, where a layout has it; it is no fact to compare."""

FindReasons = Callable[[Question, Snapshot, pa.RecordBatch], pa.Array]
"""Rows of a comparison → why each of them is there; null where nothing tells."""


@dataclass(frozen=True)
class Comparison:
    """``identity`` tells rows apart, first by what the result is ordered by.

    A column of ``counts_where`` does so only in rows that fulfil its condition, in SQL. ``amounts``
    are subtracted and totalled for each value of ``currency``, ``quantities`` are subtracted only,
    and ``numbers`` shown of both results.
    """

    identity: tuple[str, ...]
    amounts: tuple[str, ...] = ()
    currency: str | None = None
    quantities: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    counts_where: Mapping[str, str] = field(default_factory=dict)
    find_reasons: FindReasons | None = None

    @property
    def subtracted(self) -> frozenset[str]:
        """The columns whose difference is told."""
        return frozenset((*self.amounts, *self.quantities))


def group_identity(made: Sequence[Made], is_sum: Callable[[str], bool]) -> tuple[str, ...]:
    """The columns that name the group of a row: those without sums, a name only without its id."""
    ids = {each.facts[0] for each in made if each.names is None}
    return tuple(
        each.column.key
        for each in made
        if not any(map(is_sum, each.facts)) and (each.names is None or each.facts[0] not in ids)
    )
