"""Facts of expenses one by one: by day and number, wherever they lie."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import reduce
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from tollbook.expenses.models import Expense
from tollbook.expenses.services.loading import EXPENSE_SCHEMA
from tollbook.kernel.periods import DateRange, month_start
from tollbook.reports.expense_facts.asked import AskedExpenses
from tollbook.reports.expense_facts.counted import CountedDays
from tollbook.reports.expense_facts.merging import merge_by_day_and_id
from tollbook.reports.expense_facts.places import Places
from tollbook.reports.expense_facts.segment_rows import rows_of_segment
from tollbook.reports.models import ReadyMonth
from tollbook.reports.snapshot import Snapshot
from tollbook.results.beside import AT_ONCE, one_ahead

_ROWS_OF_A_SLICE: Final = 60_000
"""Days are read together up to so many: each query sorts its rows in memory."""
_ROWS_OF_SEGMENTS: Final = 12_288
"""So many rows of all segments of a month are held together, and as many read ahead; of each never
fewer than:"""
_FEWEST_OF_A_SEGMENT: Final = 256


def read_expenses(
    asked: AskedExpenses,
    places: Places,
    counted: CountedDays,
    facts: Sequence[str],
    snapshot: Snapshot,
    ready: Mapping[date, ReadyMonth] | None = None,
) -> Iterator[pa.RecordBatch | ReadyMonth]:
    """``facts`` of the expenses, of the types of ``EXPENSE_SCHEMA``; months that are ``ready``."""
    schema = pa.schema([EXPENSE_SCHEMA.field(name) for name in facts])
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="segments") as pool:
        for month, slices in _stretches(places, counted):
            if ready and month in ready:
                yield ready[month]
                continue
            queries = [_query(asked, days, places.sealed_in(month), facts) for days in slices]
            streams = [one_ahead(rows, pool) for rows in _of_segments(asked, places, month, facts)]
            if queries:
                of_ledger = snapshot.batches_of(queries, lambda batch: typed(batch, schema))
                streams.append(of_ledger)
            yield from merge_by_day_and_id(streams)


def typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the types of ``schema``; PostgreSQL's numeric arrives as opaque text."""
    arrays = []
    for field, array in zip(schema, batch.columns, strict=True):
        told = array.storage if isinstance(array.type, pa.OpaqueType) else array
        arrays.append(told if told.type == field.type else told.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _stretches(places: Places, counted: CountedDays) -> Iterator[tuple[date, list[DateRange]]]:
    """Months in order, each with what must be asked of the ledger; months of it alone as one."""
    sealed = {segment.month for segment in places.segments}
    ledger = counted.days_outside(places)
    run: list[DateRange] = []
    for month in sorted(sealed | {month_start(day) for day in ledger}):
        days = [day for day in ledger if month_start(day) == month]
        slices = _slices(days, counted)
        if month in sealed:
            if run:
                yield month_start(run[0].start), run
                run = []
            yield month, slices
        else:
            run += slices
    if run:
        yield month_start(run[0].start), run


def _slices(days: Sequence[date], counted: CountedDays) -> list[DateRange]:
    """Ranges of the days of one month that hold them all, of about so many rows each."""
    found: list[DateRange] = []
    rows = 0
    for day in days:
        if found and rows + counted.rows_of(day) <= _ROWS_OF_A_SLICE:
            found[-1] = DateRange(found[-1].start, day + timedelta(days=1))
        else:
            found.append(DateRange(day, day + timedelta(days=1)))
            rows = 0
        rows += counted.rows_of(day)
    return found


def _query(
    asked: AskedExpenses, days: DateRange, sealed: set[int], facts: Sequence[str]
) -> QuerySet[Expense, Any]:
    expenses = asked.in_ledger().filter(for_date__gte=days.start, for_date__lt=days.end)
    if sealed:
        expenses = expenses.exclude(reseller_id__in=sorted(sealed))
    return expenses.order_by("for_date", "id").values_list(*map(_told, facts))


def _told(fact: str) -> str | Cast:
    """Amounts as text of PostgreSQL's: the driver would take twice as long to make it."""
    is_amount = pa.types.is_decimal(EXPENSE_SCHEMA.field(fact).type)
    return Cast(fact, TextField()) if is_amount else fact


def _of_segments(
    asked: AskedExpenses,
    places: Places,
    month: date,
    facts: Sequence[str],
) -> list[Iterator[pa.RecordBatch]]:
    """The rows asked for of each segment of a month."""
    segments = places.segments_of(month)
    at_once = max(_FEWEST_OF_A_SEGMENT, _ROWS_OF_SEGMENTS // max(1, len(segments)))
    return [
        _asked_for(asked, places, rows_of_segment(segment.key, facts, asked.days, at_once=at_once))
        for segment in segments
    ]


def _asked_for(
    asked: AskedExpenses, places: Places, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        kept = reduce(pc.and_, asked.in_segments(batch.column, places.clients))
        if pc.all(kept).as_py():
            yield batch
        elif pc.any(kept).as_py():
            yield batch.filter(kept)
