"""Making the lines of a sealed month, once it is closed or when a report missed them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.expenses.segments import segment_digest
from tollbook.expenses.selectors import find_month_state
from tollbook.filetasks.results import result_store
from tollbook.reports.dataset import Made, facts_of, make_columns, read_names
from tollbook.reports.ready_lines.lines_file import (
    FEWEST_ROWS,
    LINES_SCHEMA,
    LinesAbout,
    layout_of,
    lines_key,
    names_of,
)
from tollbook.reports.snapshot import open_snapshot
from tollbook.reports.templates.expense_columns import EACH_EXPENSE
from tollbook.results.csv_lines import CsvRows
from tollbook.results.exact_cast import cast_exactly
from tollbook.results.row_text import RowTexts

_EVERYBODY: Final = Viewer(user_id=0, role=Role.OPERATOR)
_log = structlog.get_logger(__name__)


def make_ready_lines(*, reseller_id: int, month: date, fewest: int = FEWEST_ROWS) -> bool:
    """Write the lines of a closed month, unless it is small or they are there and still hold.

    Whoever makes them meanwhile makes the same. Returns whether they were written.
    """
    state = find_month_state(reseller_id, month)
    if state.segment_key is None or segment_digest(state.segment_key) != state.segment_digest:
        return False
    with open_snapshot(check=lambda: None) as snapshot:
        names = read_names(EACH_EXPENSE, _EVERYBODY, snapshot)
    key = lines_key(reseller_id, month)
    about = LinesAbout.of_file(key)
    if about is not None and about.holds(state.segment_digest, EACH_EXPENSE, names):
        return False
    with result_store().open(state.segment_key) as file:
        segment = pq.ParquetFile(file)
        if segment.metadata.num_rows < fewest:
            return False
        _write(segment, state.segment_digest, names, key)
    _log.info("lines_made", reseller=reseller_id, month=str(month), rows=segment.metadata.num_rows)
    return True


def _write(segment: pq.ParquetFile, digest: str, names: Mapping[str, pa.Table], key: str) -> None:
    met = _Met(EACH_EXPENSE)
    with (
        result_store().writing(key) as sink,
        pq.ParquetWriter(
            sink,
            LINES_SCHEMA,
            compression="zstd",
            compression_level=1,
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        ) as writer,
    ):
        for table in _lines(segment, names, met):
            writer.write_table(table, row_group_size=table.num_rows)
        about = LinesAbout(digest, layout_of(EACH_EXPENSE), met.names(names))
        writer.add_key_value_metadata(about.metadata())


def _lines(
    segment: pq.ParquetFile, names: Mapping[str, pa.Table], met: "_Met"
) -> Iterator[pa.Table]:
    """The rows of the file of lines, a row group of the segment at a time."""
    columns = [each.column for each in EACH_EXPENSE]
    texts = RowTexts(columns, CsvRows(guarded=True))
    facts = facts_of(EACH_EXPENSE)
    for group in range(segment.metadata.num_row_groups):
        table = segment.read_row_group(group, columns=facts).combine_chunks()
        for batch in table.to_batches():
            met.note(batch)
            (made,) = make_columns([batch], EACH_EXPENSE, names)
            line = texts.rows(cast_exactly(made, columns)).cast(pa.string())
            yield pa.Table.from_arrays([batch.column("id"), line], schema=LINES_SCHEMA)


class _Met:
    """The ids that occur, by the column that has their names."""

    def __init__(self, made: Sequence[Made]) -> None:
        self._facts = {each.column.key: each.facts[0] for each in made if each.names}
        self._ids: dict[str, set[int]] = {column: set() for column in self._facts}

    def note(self, batch: pa.RecordBatch) -> None:
        """Take in the ids of a batch of facts."""
        for column, fact in self._facts.items():
            self._ids[column].update(pc.unique(batch.column(fact)).to_pylist())

    def names(self, names: Mapping[str, pa.Table]) -> Mapping[str, Mapping[int, str | None]]:
        """Their names, in the order of the ids."""
        return {column: names_of(sorted(ids), names[column]) for column, ids in self._ids.items()}
