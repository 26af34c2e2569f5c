"""What all renderers have in common: complete, the same bytes again, at once, in flat memory."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from tests.reports.renderers.results import COLUMNS, SAMPLE, batch_of, repeated, result_of
from tollbook.reports.renderers import RENDERERS, ReportFormat
from tollbook.results.result_file import ResultFile, ResultWriter
from tollbook.results.row_text import ROWS_AT_ONCE


@pytest.fixture(scope="module")
def large_result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred thousand rows."""
    path = tmp_path_factory.mktemp("results") / "large.parquet"
    batch = batch_of(repeated(SAMPLE) * 4_000)
    with ResultWriter(path, COLUMNS, {}) as writer:
        for _ in range(2):
            writer.write(batch)
    return path


def test_every_format_has_its_renderer() -> None:
    assert set(RENDERERS) == set(ReportFormat)
    assert [renderer.extension for renderer in RENDERERS.values()] == list(ReportFormat)
    assert len({renderer.media_type for renderer in RENDERERS.values()}) == len(RENDERERS)


@pytest.mark.parametrize("report_format", ReportFormat)
def test_the_same_result_gives_the_same_bytes(
    report_format: ReportFormat, large_result: Path
) -> None:
    with ResultFile(large_result) as result:
        first = b"".join(RENDERERS[report_format].render(result))
        assert b"".join(RENDERERS[report_format].render(result)) == first
    with ResultFile(large_result) as result:
        assert b"".join(RENDERERS[report_format].render(result)) == first


@pytest.mark.parametrize("report_format", ReportFormat)
def test_a_header_without_rows_is_rendered(report_format: ReportFormat) -> None:
    assert b"".join(RENDERERS[report_format].render(result_of([])))


@pytest.mark.parametrize("report_format", ReportFormat)
def test_a_reader_that_hangs_up_leaves_no_thread_at_work(
    report_format: ReportFormat, large_result: Path
) -> None:
    with ResultFile(large_result) as result:
        pieces = iter(RENDERERS[report_format].render(result))
        for _ in range(3):
            next(pieces, b"")
        pieces.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("render")]


@pytest.mark.parametrize("report_format", ReportFormat)
def test_the_first_rows_come_before_the_others_are_read(
    report_format: ReportFormat, large_result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    read = ResultFile.batches

    def counted(result: ResultFile, size: int = ROWS_AT_ONCE) -> Iterator[pa.RecordBatch]:
        for batch in read(result, size):
            taken.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(ResultFile, "batches", counted)
    with ResultFile(large_result) as result:
        size = 0
        pieces = iter(RENDERERS[report_format].render(result))
        while size <= 10_000:
            size += len(next(pieces))
        pieces.close()
        assert sum(taken) < result.rows / 4


def test_rows_of_large_results_are_all_there_and_in_order(large_result: Path) -> None:
    with ResultFile(large_result) as result:
        lines = b"".join(RENDERERS[ReportFormat.CSV].render(result)).count(b"\r\n")
        assert lines == result.rows + 1
        ids = pl.concat(frame.select("expense_id") for frame in result.frames())
    assert ids["expense_id"].to_list() == [row[2] for row in repeated(SAMPLE)] * 8_000


_RENDER = """
import resource, sys
sys.path[:0] = sys.argv[3:]
from tollbook.reports.renderers import RENDERERS, ReportFormat
from tollbook.results.result_file import ResultFile
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def render():
    with ResultFile(sys.argv[2]) as result:
        for _ in RENDERERS[ReportFormat(sys.argv[1])].render(result):
            pass
before = peak()
render()
print(peak() - before)
"""


@pytest.mark.long
@pytest.mark.parametrize("report_format", ReportFormat)
def test_rendering_takes_flat_memory(report_format: ReportFormat, tmp_path: Path) -> None:
    path = tmp_path / "result.parquet"
    batch = batch_of(repeated(SAMPLE) * 2_000)
    with ResultWriter(path, COLUMNS, {}) as writer:
        for _ in range(20):
            writer.write(batch)
    root = Path(__file__).parents[3]
    grown = subprocess.run(
        [sys.executable, "-c", _RENDER, report_format, path, root / "src"],
        check=True,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert int(grown.stdout) < 150
