"""Columns that stand side by side and repeat together, such as a client's number and name.

The text of each combination that occurs is made once and then only gathered, which takes as long as
one column does instead of all of them.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_WORTH_COMBINING: Final = 8
"""So often must a combination occur on average."""
_FEWEST_ROWS: Final = 1_024
_NUMBERS: Final = pa.int64()
_FACTOR: Final = 0x1E3779B97F4A7C15


@dataclass(frozen=True)
class Combinations:
    """Each combination that occurs in some columns once, and for each row which of them it has."""

    distinct: pa.RecordBatch
    places: pa.Array


def runs_of(batch: pa.RecordBatch) -> tuple[range, ...]:
    """Positions of columns that repeat together in ``batch``: two or more side by side each."""
    if batch.num_rows < _FEWEST_ROWS:
        return ()
    runs: list[range] = []
    mark: pa.Array | None = None
    for position, array in enumerate(batch.columns):
        numbers = _numbers(array)
        longer = _few(_mixed(mark, numbers)) if numbers is not None and mark is not None else None
        if longer is not None:
            runs[-1] = range(runs[-1].start, position + 1)
        elif numbers is not None and (longer := _few(numbers)) is not None:
            runs.append(range(position, position + 1))
        mark = longer
    return tuple(run for run in runs if len(run) > 1)


def combinations(batch: pa.RecordBatch, run: range) -> Combinations | None:
    """The combinations of the columns at ``run``; None where most rows have one of their own."""
    columns = [batch.column(position) for position in run]
    numbers = [found for column in columns if (found := _numbers(column)) is not None]
    if len(numbers) < len(columns):
        return None
    mark = reduce(_mixed, numbers)
    found = mark.dictionary_encode()
    if len(found.dictionary) * _WORTH_COMBINING > batch.num_rows:
        return None
    firsts = pc.index_in(found.dictionary, value_set=mark)
    distinct = [column.take(firsts) for column in columns]
    for column, values in zip(columns, distinct, strict=True):
        if not _told_apart_by(column).equals(_told_apart_by(values).take(found.indices)):
            return None  # two combinations share a mark
    names = [batch.schema.names[position] for position in run]
    return Combinations(pa.RecordBatch.from_arrays(distinct, names=names), found.indices)


def _few(marks: pa.Array) -> pa.Array | None:
    """The same, where they repeat often enough."""
    return marks if pc.count_distinct(marks).as_py() * _WORTH_COMBINING <= len(marks) else None


def _mixed(mark: pa.Array, numbers: pa.Array) -> pa.Array:
    """A number for what both stand for; two that differ rarely get the same."""
    return pc.add(pc.multiply(mark, _FACTOR), numbers)


def _told_apart_by(array: pa.Array) -> pa.Array:
    return array.indices if pa.types.is_dictionary(array.type) else array


def _numbers(array: pa.Array) -> pa.Array | None:
    """A number for each value, without nulls; None for texts and what is wider than 64 bits."""
    told = _told_apart_by(array)
    if pa.types.is_timestamp(told.type):
        told = told.view(_NUMBERS)
    elif pa.types.is_date32(told.type):
        told = told.view(pa.int32())
    elif not (pa.types.is_integer(told.type) or pa.types.is_boolean(told.type)):
        return None
    return told.cast(_NUMBERS).fill_null(-1) if told.null_count else told.cast(_NUMBERS)
