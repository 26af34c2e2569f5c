"""Arrow batches → one finished report file, with digest and control totals taken on the way."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from tollbook.kernel.periods import next_month
from tollbook.results.beside import OneBeside, in_order
from tollbook.results.columns import Column, Kind, arrow_schema
from tollbook.results.control_totals import ControlTotal, ControlTotals
from tollbook.results.csv_lines import CsvRows
from tollbook.results.exact_cast import cast_exactly
from tollbook.results.parted_file import PartedFile, Sink
from tollbook.results.ready_rows import ReadyRows
from tollbook.results.row_text import ROWS_AT_ONCE, RowTexts
from tollbook.results.texts import encode_texts, one_array

ROW_GROUP: Final = 32_768
ROWS_PER_PAGE: Final = 1_024
"""Whoever wants a single row of a column reads a page of it: so pages are small."""
METADATA_KEY: Final = b"tollbook"
_DISTINCT_TEXTS: Final = 4_096
_REPEATS: Final = 4
"""Texts with no more values than that in the first row group, and each of them so many times on
average, are kept as dictionaries."""
_TIMES: Final = frozenset({Kind.DATE, Kind.TIMESTAMP})
"""What row groups and pages keep least and largest values of: they stay in memory to the end."""


Metadata = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class ResultSummary:
    """What a finished result amounts to.

    ``digest`` is the SHA-256 of the rows as CSV with its header line, guarded as downloads are: it
    depends on columns and values alone, and anybody can take it of the file that was downloaded.
    """

    rows: int
    digest: str
    csv_bytes: int
    totals: tuple[ControlTotal, ...]


class ResultWriter:
    """Writes one result; use as a context manager.

    Left by an error, what is in ``sink`` lacks the metadata that make a Parquet file a result, so
    that ``ResultFile`` refuses it. ``metadata`` is JSON, or makes it at the end; ``totals`` are
    keys of amount columns. ``on_lines`` hears the lines of the CSV as their digest is taken, by a
    thread of the writer's own. No row group has rows of two months of the column ``months``, by
    which the rows come in order: so rows of a month that were written before can be appended.
    """

    def __init__(
        self,
        sink: Sink,
        columns: Sequence[Column],
        metadata: Metadata,
        *,
        totals: Sequence[str] = (),
        currency: str | None = None,
        months: str | None = None,
        on_lines: Callable[[bytes | pa.Buffer], None] = lambda _: None,
    ) -> None:
        self._columns = tuple(columns)
        self._schema = arrow_schema(columns)
        self._metadata = metadata
        self._totals = ControlTotals(columns, totals, currency)
        self._digest = _Digest(self._columns, on_lines)
        self._writing = OneBeside("parquet")
        self._declared = {column.key: column.repeats for column in columns}
        self._longest = {column.key: 0 for column in columns if column.kind is Kind.TEXT}
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._months = months
        self._month: date | None = None
        self._repeated: set[str] | None = None
        self._parquet = PartedFile(sink)
        self._appended: list[Mapping[bytes, bytes]] = []
        self._rows = 0
        self._summary: ResultSummary | None = None

    @property
    def summary(self) -> ResultSummary:
        """Rows, digest and totals; only once the result is finished."""
        if self._summary is None:
            raise RuntimeError("the result is not finished")
        return self._summary

    def write(self, rows: pa.RecordBatch | ReadyRows) -> None:
        """Take rows of any number; see :func:`cast_exactly` for what is refused."""
        if isinstance(rows, ReadyRows):
            self.append(rows)
        else:
            self._write(rows)

    def _write(self, batch: pa.RecordBatch) -> None:
        for month, rows in self._by_month(batch):
            if month != self._month:
                self._write_waiting()
            self._month = month
            self._take(rows)

    def append(self, ready: ReadyRows) -> None:
        """Take rows that were written before, of the same columns, which are those of whole months.

        ``UnusableRows``, here or later, where they are not what was written.
        """
        self._write_waiting()
        self._month = None
        self._rows += ready.num_rows
        self._digest.append(ready)
        self._writing.begin(lambda: self._appended.append(self._parquet.copy(ready)))

    def _by_month(self, batch: pa.RecordBatch) -> Iterator[tuple[date | None, pa.RecordBatch]]:
        if self._months is None:
            yield None, batch
            return
        while batch.num_rows:
            days = batch[self._months]
            month = days[0].as_py().replace(day=1)
            rows = batch.num_rows
            if days[rows - 1].as_py().replace(day=1) != month:
                later = pc.greater_equal(days, pa.scalar(next_month(month)))
                rows = pc.index(later, True).as_py()
            yield month, batch.slice(0, rows)
            batch = batch.slice(rows)

    def _take(self, batch: pa.RecordBatch) -> None:
        exact = cast_exactly(batch, self._columns)
        if self._waiting and exact.schema != self._waiting[0].schema:
            exact, *self._waiting = (_plain(each, self._schema) for each in (exact, *self._waiting))
        self._waiting.append(exact)
        self._waiting_rows += batch.num_rows
        while self._waiting_rows >= ROW_GROUP:
            table = pa.Table.from_batches(self._waiting)
            self._waiting = table.slice(ROW_GROUP).to_batches()
            self._waiting_rows -= ROW_GROUP
            self._write_row_group(table.slice(0, ROW_GROUP))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._summary = self._finish()
        finally:
            self._digest.close()
            self._writing.close()
            self._parquet.close()

    def _finish(self) -> ResultSummary:
        self._write_waiting()
        if not self._rows:
            self._write_row_group(pa.Table.from_batches([_nothing(self._schema)]))
        digest, csv_bytes = self._digest.finish()
        self._writing.wait()
        for notes in self._appended:
            self._include(json.loads(notes[METADATA_KEY]))
        summary = ResultSummary(self._rows, digest, csv_bytes, self._totals.totals())
        self._parquet.finish({METADATA_KEY: self._metadata_json(summary)})
        return summary

    def _include(self, told: Mapping[str, Any]) -> None:
        """Count what appended rows say of themselves."""
        for each in told["totals"]:
            self._totals.include(each["currency"], each["key"], Decimal(each["amount"]))
        for key, longest in told["longest_texts"].items():
            self._longest[key] = max(longest, self._longest[key])

    def _write_waiting(self) -> None:
        if self._waiting_rows:
            self._write_row_group(pa.Table.from_batches(self._waiting))
        self._waiting, self._waiting_rows = [], 0

    def _write_row_group(self, table: pa.Table) -> None:
        self._rows += table.num_rows
        self._totals.add(table)
        arrays = {key: one_array(table[key]) for key in table.schema.names}
        texts = {key: encode_texts(arrays[key]) for key in self._longest}
        if self._repeated is None:
            self._repeated = {
                key
                for key, text in texts.items()
                if (_repeats(text) if self._declared[key] is None else self._declared[key])
            }
        for key, text in texts.items():
            longest = pc.max(pc.utf8_length(text.dictionary)).as_py() or 0
            self._longest[key] = max(longest, self._longest[key])
            arrays[key] = text if key in self._repeated else text.dictionary_decode()
        encoded = pa.table(arrays)
        self._digest.add(encoded)
        self._writing.begin(partial(self._parquet.write, encoded, **self._options()))

    def _options(self) -> Mapping[str, Any]:
        return {
            "compression": "snappy",
            "use_dictionary": sorted(self._repeated or ()),
            "write_statistics": [each.key for each in self._columns if each.kind in _TIMES],
            "max_rows_per_page": ROWS_PER_PAGE,
            "write_page_index": True,
        }

    def _told(self) -> Mapping[str, Any]:
        return self._metadata() if callable(self._metadata) else self._metadata

    def _metadata_json(self, summary: ResultSummary) -> bytes:
        known = {
            "columns": [
                {"key": column.key, "header": column.header, "description": column.description}
                for column in self._columns
            ],
            "longest_texts": self._longest,
            "rows": summary.rows,
            "digest": summary.digest,
            "csv_bytes": summary.csv_bytes,
            "totals": [
                {"currency": t.currency, "key": t.key, "amount": format(t.amount, "f")}
                for t in summary.totals
            ],
        }
        return json.dumps({**self._told(), **known}, ensure_ascii=False).encode()


class _Digest:
    """Takes the digest of the rows beside the writing, in a thread of its own."""

    def __init__(
        self, columns: Sequence[Column], on_lines: Callable[[bytes | pa.Buffer], None]
    ) -> None:
        self._on_lines = on_lines
        style = CsvRows(guarded=True)
        self._texts = RowTexts(columns, style)
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._taking = OneBeside("digest")
        self._taking.begin(partial(self._take, style.header(columns)))

    def add(self, table: pa.Table) -> None:
        """Take in the rows of ``table``; waits for those before, so that no more than two wait."""
        self._taking.begin(partial(self._take_rows, table))

    def append(self, ready: ReadyRows) -> None:
        """Take in rows that were written before."""
        self._taking.begin(partial(self._take_all, ready.jobs()))

    def finish(self) -> tuple[str, int]:
        """The digest and the number of bytes that it covers."""
        self._taking.wait()
        return self._hash.hexdigest(), self._bytes

    def close(self) -> None:
        """Let the thread go."""
        self._taking.close()

    def _take_rows(self, table: pa.Table) -> None:
        self._take_all(self._texts.jobs(table.to_batches(ROWS_AT_ONCE)))

    def _take_all(self, jobs: Iterator[Callable[[], pa.Buffer]]) -> None:
        for lines in in_order(jobs):
            self._take(lines)

    def _take(self, text: bytes | pa.Buffer) -> None:
        self._hash.update(text)
        self._on_lines(text)
        self._bytes += len(text) if isinstance(text, bytes) else text.size


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch without dictionaries."""
    return pa.Table.from_batches([batch]).cast(schema).combine_chunks().to_batches()[0]


def _nothing(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in schema.types], schema=schema)


def _repeats(texts: pa.DictionaryArray) -> bool:
    distinct = len(texts.dictionary)
    return bool(distinct <= min(_DISTINCT_TEXTS, (len(texts) - texts.null_count) // _REPEATS))
