"""A downloaded Parquet file: it is the result itself, and tells its digest and totals."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tollbook.reports.proof.pieces import About, NotAsWritten, OnProgress
from tollbook.results.csv_lines import CsvRows
from tollbook.results.result_file import NotAResult, ResultFile
from tollbook.results.row_text import ROWS_AT_ONCE, row_jobs


def parquet_about(path: Path) -> About:
    """What the file's metadata say; ``NotAsWritten`` where it is no result."""
    with _opened(path) as result:
        told = dict(result.information)
        return About(digest=result.summary.digest, rows=result.rows, lines=told)


def parquet_pieces(path: Path, on_progress: OnProgress) -> Iterator[bytes]:
    """The rows as lines of CSV."""
    style = CsvRows(guarded=True)
    with _opened(path) as result:
        yield style.header(result.columns)
        done = 0
        try:
            for batch in result.batches(ROWS_AT_ONCE):
                for job in row_jobs([batch], result.columns, style):
                    yield job().to_pybytes()
                done += batch.num_rows
                on_progress(done, result.rows)
        except (OSError, pa.ArrowException) as error:
            raise NotAsWritten(f"the file is damaged after row {done:,}: {error}") from error


def _opened(path: Path) -> ResultFile:
    try:
        return ResultFile(path)
    except (NotAResult, OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise NotAsWritten(str(error)) from error
