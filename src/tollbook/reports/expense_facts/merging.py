"""Ordered streams of facts → one ordered stream, holding a batch of each and one of them all."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_ROWS: Final = 16_384
"""So many are put in order at once, a part of them of each stream, but never less than:"""
_FEWEST: Final = 64
_WORTH_SORTING: Final = 4_096
_ORDER: Final = [("for_date", "ascending"), ("id", "ascending")]


def merge_by_day_and_id(streams: Sequence[Iterator[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
    """The rows of all ``streams`` by day and number; each stream is in that order itself."""
    if len(streams) == 1:
        yield from streams[0]
        return
    heads = {place: head for place, each in enumerate(streams) if (head := _next(each))}
    ready: list[pa.RecordBatch] = []
    while len(heads) > 1:
        most = max(_FEWEST, _ROWS // len(heads))
        bound = min(_last(head.slice(0, most)) for head in heads.values())
        for place, head in list(heads.items()):
            rows = _rows_up_to(head.slice(0, most), bound)
            ready.append(head.slice(0, rows))
            rest = head.slice(rows) if rows < head.num_rows else _next(streams[place])
            if rest is None:
                del heads[place]
            else:
                heads[place] = rest
        if sum(batch.num_rows for batch in ready) >= _WORTH_SORTING:
            yield from _in_order(ready)
            ready = []
    if ready:
        yield from _in_order(ready)
    for place, head in heads.items():
        yield head
        yield from streams[place]


def _in_order(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    ordered: pa.Table = pa.Table.from_batches(batches).sort_by(_ORDER)
    return list(ordered.combine_chunks().to_batches())


def _next(stream: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    return next((batch for batch in stream if batch.num_rows), None)


def _last(batch: pa.RecordBatch) -> tuple[pa.Scalar, ...]:
    row = batch.num_rows - 1
    return batch["for_date"][row].as_py(), batch["id"][row].as_py()


def _rows_up_to(batch: pa.RecordBatch, bound: tuple[pa.Scalar, ...]) -> int:
    """How many rows of the ordered ``batch`` come before ``bound``, or are it."""
    day, number = bound
    days, ids = batch["for_date"], batch["id"]
    before = pc.less(days, pa.scalar(day, days.type))
    there = pc.and_(
        pc.equal(days, pa.scalar(day, days.type)), pc.less_equal(ids, pa.scalar(number, ids.type))
    )
    return int(pc.sum(pc.or_(before, there)).as_py())
