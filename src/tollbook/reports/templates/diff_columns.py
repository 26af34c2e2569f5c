"""The columns of ``ReportDiff``, made from those of the layout that is compared."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from tollbook.reports.comparison import REASON, Comparison
from tollbook.results.columns import Column

BEFORE: Final = "before"
AFTER: Final = "after"
DIFFERENCE: Final = "difference"

CHANGE: Final = Column(
    "change", "Change", pa.string(), "What became of the row: added, removed or changed."
)
CHANGED_COLUMNS: Final = Column(
    "changed_columns",
    "Changed columns",
    pa.string(),
    "The keys of the columns that differ, with commas between; empty unless changed.",
)
VALUES_BEFORE: Final = Column(
    "values_before",
    "Values before",
    pa.string(),
    "What those of them held before that have no column of their own for it, as key: value.",
)
WHY: Final = Column(
    REASON,
    "Reason",
    pa.string(),
    "Why the revisions in between were made, as the ledger has it; empty where nothing tells.",
)


def diff_columns(comparison: Comparison, compared: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of a comparison of two results with the columns ``compared``."""
    why = () if comparison.find_reasons is None else (WHY,)
    shown = [
        each for column in told_columns(comparison, compared) for each in _shown(comparison, column)
    ]
    return (CHANGE, CHANGED_COLUMNS, VALUES_BEFORE, *why, *shown)


def told_columns(comparison: Comparison, compared: Sequence[Column]) -> tuple[Column, ...]:
    """The columns whose values are compared and told; a reason is found anew."""
    found_anew = {REASON} if comparison.find_reasons is not None else set()
    return tuple(column for column in compared if column.key not in found_anew)


def beside(key: str, side: str) -> str:
    """The key of what ``key`` holds on one side, or of the difference."""
    return f"{key}_{side}"


def _shown(comparison: Comparison, column: Column) -> Iterator[Column]:
    if column.key not in comparison.subtracted | set(comparison.numbers):
        yield column
        return
    header, kept = column.header, column.type
    yield Column(
        beside(column.key, BEFORE),
        f"{header}: before",
        kept,
        f"{header} in the report before; empty in an added row.",
    )
    yield Column(
        beside(column.key, AFTER),
        f"{header}: after",
        kept,
        f"{header} in the report after; empty in a removed row.",
    )
    if column.key in comparison.subtracted:
        yield Column(
            beside(column.key, DIFFERENCE),
            f"{header}: difference",
            kept,
            f"{header} after less before; what is empty counts as 0.",
        )
