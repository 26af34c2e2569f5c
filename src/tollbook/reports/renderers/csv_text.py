"""A result as CSV: RFC 4180, UTF-8, guarded against texts that a spreadsheet would run."""

from collections.abc import Iterator

from tollbook.results.beside import in_order
from tollbook.results.csv_lines import CsvRows
from tollbook.results.result_file import ResultFile
from tollbook.results.row_text import ROWS_AT_ONCE, row_jobs


def render_csv(result: ResultFile, *, raw: bool = False) -> Iterator[bytes]:
    """The lines in pieces; ``raw`` leaves texts unguarded."""
    style = CsvRows(guarded=not raw)
    yield style.header(result.columns)
    for lines in in_order(row_jobs(result.batches(ROWS_AT_ONCE), result.columns, style)):
        yield lines.to_pybytes()
