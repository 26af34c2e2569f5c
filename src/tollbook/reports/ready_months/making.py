"""Making a month ready: its rows are read from its segments and written as a report would."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog
from django.db import transaction
from django.db.models.functions import Now

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.expenses.segments import segment_digest
from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import month_of
from tollbook.reports.dataset import Made, facts_of, make_columns, read_names
from tollbook.reports.expense_facts import AskedExpenses, Places, Seen, read_expenses
from tollbook.reports.expense_facts.counted import CountedDays
from tollbook.reports.expense_facts.places import CLOSED, Segment
from tollbook.reports.models import ReadyMonth, ReadyState
from tollbook.reports.ready_months.sources import (
    LINES,
    RESULT,
    Source,
    layout_of,
    names_of,
    new_key,
    sources_digest,
)
from tollbook.reports.snapshot import Snapshot, open_snapshot
from tollbook.reports.templates.expense_columns import AMOUNTS, DAYS, EACH_EXPENSE
from tollbook.results.parquet_pieces import Piece
from tollbook.results.ready_rows import LinesPacker
from tollbook.results.result_writer import ResultWriter
from tollbook.storage.files import FileStore

FEWEST_ROWS: Final = 20_000
"""In months of fewer rows everything is made in no time."""
_EVERYBODY: Final = Viewer(user_id=0, role=Role.OPERATOR)
_log = structlog.get_logger(__name__)


class NotWhatWasSealed(Exception):
    """A segment is not the one that the book names: nothing is made of it."""


def make_month(month: date, sources: Sequence[Source], *, fewest: int = FEWEST_ROWS) -> ReadyMonth:
    """Make the month out of ``sources``; ``NotWhatWasSealed`` where that cannot be.

    It is remembered before it is begun: so nobody begins it beside, or soon again where it fails,
    and its files are found should the work break off.
    """
    digest = sources_digest(month, sources)
    ready = ReadyMonth.objects.create(
        sources=digest,
        layout=layout_of(EACH_EXPENSE),
        month=month,
        rows=0,
        key=new_key(month, digest),
    )
    _check(sources)
    ready.rows = sum(map(_rows_of, sources))
    if ready.rows < fewest:
        ready.key = ""
    else:
        with open_snapshot(check=lambda: None) as snapshot:
            _write(ready, sources, snapshot)
        _check(sources)
    with transaction.atomic():
        before = ReadyMonth.objects.filter(
            sources=digest, layout=ready.layout, state=ReadyState.READY
        )
        before.update(state=ReadyState.GIVEN_UP, state_since=Now())
        ready.state, ready.state_since = ReadyState.READY, Now()
        ready.save()
    _log.info("month_ready", month=str(month), rows=ready.rows, kept=bool(ready.key))
    return ready


def names_of_everybody() -> Mapping[str, pa.Table]:
    """The ids and names of today, as the operator sees them, by column key."""
    with open_snapshot(check=lambda: None) as snapshot:
        return read_names(EACH_EXPENSE, _EVERYBODY, snapshot)


def _check(sources: Sequence[Source]) -> None:
    for source in sources:
        try:
            found = segment_digest(source.key)
        except FileNotFoundError as error:
            raise NotWhatWasSealed(f"{source.key} is not there") from error
        if found != source.digest:
            raise NotWhatWasSealed(f"{source.key} is not what was sealed")


def _rows_of(source: Source) -> int:
    with result_store().open(source.key) as file:
        return int(pq.read_metadata(file).num_rows)


def _write(ready: ReadyMonth, sources: Sequence[Source], snapshot: Snapshot) -> None:
    names = read_names(EACH_EXPENSE, _EVERYBODY, snapshot)
    seen, met = Seen(names), _Met(EACH_EXPENSE)
    store = result_store()
    with store.writing(ready.key + LINES) as packed, store.writing(ready.key + RESULT) as file:
        lines, sink = LinesPacker(packed), _Digested(file)
        with ResultWriter(
            sink,
            [each.column for each in EACH_EXPENSE],
            {"template": "ReadyMonth"},
            totals=AMOUNTS,
            currency="currency",
            months=DAYS,
            on_lines=lines.write,
        ) as writer:
            facts = met.rows(seen.rows(_facts(ready.month, sources, snapshot)))
            for batch in make_columns(facts, EACH_EXPENSE, names):
                writer.write(batch)
    ready.rows = writer.summary.rows
    if not ready.rows:
        _remove(ready, store)
        return
    ready.first_day, ready.last_day, ready.newest = met.first_day, met.last_day, seen.newest
    ready.names = met.names(names)
    ready.lines_digest, ready.frames = lines.digest, lines.frames
    ready.result_digest, ready.result_end = sink.digest, _end_of(store, ready.key + RESULT)


def _remove(ready: ReadyMonth, store: FileStore) -> None:
    """Keep no files of a month in which everything was replaced."""
    for ending in (LINES, RESULT):
        store.delete(ready.key + ending)
    ready.key = ""


def _facts(month: date, sources: Sequence[Source], snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    """What a report on the whole month has of these resellers, and on all of their clients."""
    asked = AskedExpenses(_EVERYBODY, month_of(month), (("deleted", False),))
    places = Places(
        segments=tuple(Segment(source.reseller_id, month, source.key) for source in sources),
        resellers=frozenset(source.reseller_id for source in sources),
        state=CLOSED,
        clients=None,
    )
    facts = [*facts_of(EACH_EXPENSE), "created_at"]
    return read_expenses(asked, places, CountedDays({}), facts, snapshot)


def _end_of(store: FileStore, key: str) -> int:
    """Where the row groups of a result end."""
    with closing(store.open(key)) as file:
        return Piece.of_file(file).end


class _Digested(io.RawIOBase):
    """A file that is written, and the digest of what was."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._found = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The SHA-256 of all that was written so far."""
        return self._found.hexdigest()

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        """Write the content, all of it."""
        self._found.update(content)
        self._file.write(content)
        return memoryview(content).nbytes


class _Met:
    """The days and the ids of named things that occur."""

    def __init__(self, made: Sequence[Made]) -> None:
        self.first_day: date | None = None
        self.last_day: date | None = None
        self._facts = {each.column.key: each.facts[0] for each in made if each.names}
        self._ids: dict[str, set[int]] = {fact: set() for fact in self._facts.values()}

    def rows(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``batches`` of facts in the order of their days, unchanged."""
        for batch in batches:
            if batch.num_rows:
                days = batch[DAYS]
                self.first_day = self.first_day or days[0].as_py()
                self.last_day = days[batch.num_rows - 1].as_py()
                for fact, ids in self._ids.items():
                    ids.update(pc.unique(batch[fact]).to_pylist())
            yield batch

    def names(self, names: Mapping[str, pa.Table]) -> dict[str, Any]:
        """The ids and their names, by the key of the column that has them."""
        return {
            column: names_of(self._ids[fact], names[column]) for column, fact in self._facts.items()
        }
