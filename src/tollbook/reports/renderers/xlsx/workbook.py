"""A result as an Excel workbook, entry by entry."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Final

import pyarrow as pa

from tollbook.reports.renderers.xlsx import parts
from tollbook.reports.renderers.xlsx.cells import SharedStrings, SheetRows
from tollbook.reports.renderers.xlsx.styles import Styles
from tollbook.reports.renderers.xlsx.zip_stream import ZIP64_FROM, Piece, ZipStream, deflated
from tollbook.results.beside import in_order
from tollbook.results.result_file import ResultFile
from tollbook.results.row_text import ROWS_AT_ONCE, row_jobs

ROWS_PER_SHEET: Final = 1_048_575
"""Excel's rows without the header."""
_WIDEST_NUMBER: Final = 72
_WIDEST_CHARACTER: Final = 7
"""Bytes: ``_x0001_``; ``&amp;`` is less."""


def render_xlsx(result: ResultFile, *, rows_per_sheet: int = ROWS_PER_SHEET) -> Iterator[bytes]:
    """The workbook in pieces: sheets of data as many as it takes, then the information sheet."""
    sizes = _sheet_sizes(result.rows, rows_per_sheet)
    names = parts.sheet_names(len(sizes) + 1)
    columns, styles, shared = result.columns, Styles(result.columns), SharedStrings()
    filters = {at: parts.area(len(columns), rows, fixed=True) for at, rows in enumerate(sizes)}
    archive = ZipStream()
    yield from _entry(archive, "[Content_Types].xml", parts.content_types(len(names)))
    yield from _entry(archive, "_rels/.rels", parts.package_relations())
    yield from _entry(archive, "xl/workbook.xml", parts.workbook(names, filters))
    relations = parts.workbook_relations(len(names))
    yield from _entry(archive, "xl/_rels/workbook.xml.rels", relations)
    yield from _entry(archive, "xl/styles.xml", styles.xml())
    style = SheetRows(styles, shared)
    source = _Rows(result.batches(ROWS_AT_ONCE))
    for number, rows in enumerate(sizes, 1):
        yield from archive.entry(
            f"xl/worksheets/sheet{number}.xml",
            _sheet(result, style, source.take(rows), rows),
            may_reach_zip64=may_reach_zip64(result, rows),
        )
    lines = _information(result, style.cut_columns)
    last = f"xl/worksheets/sheet{len(names)}.xml"
    yield from _entry(archive, last, parts.information_sheet(lines))
    yield from _entry(archive, "xl/sharedStrings.xml", parts.shared_strings(shared.texts))
    yield from archive.end()


def may_reach_zip64(result: ResultFile, rows: int) -> bool:
    """Whether a sheet of ``rows`` rows may take 4 GiB; its header must say so before they come."""
    texts = sum(result.longest_texts.values())
    every_row_longest = rows * _WIDEST_CHARACTER * texts
    every_character_widest = _WIDEST_CHARACTER * result.summary.csv_bytes
    around = rows * len(result.columns) * _WIDEST_NUMBER
    return around + min(every_row_longest, every_character_widest) >= ZIP64_FROM


class _Rows:
    """Batches, of which any number of rows can be taken at a time."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._left: pa.RecordBatch | None = None

    def take(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The next ``rows`` rows, or what is left."""
        while rows:
            batch = self._left if self._left is not None else next(self._batches, None)
            if batch is None:
                return
            self._left = batch.slice(rows) if batch.num_rows > rows else None
            taken = batch.slice(0, rows)
            rows -= taken.num_rows
            yield taken


def _sheet(
    result: ResultFile, style: SheetRows, batches: Iterator[pa.RecordBatch], rows: int
) -> Iterator[Piece]:
    start = parts.sheet_start(result.columns, result.longest_texts, rows)
    jobs = row_jobs(batches, result.columns, style)
    packed = in_order(partial(_packed, job) for job in jobs)
    end = parts.sheet_end(result.columns, rows)
    return chain([deflated(start.encode())], packed, (deflated(end.encode()) for _ in range(1)))


def _packed(job: Callable[[], pa.Buffer]) -> Piece:
    return deflated(job())


def _entry(archive: ZipStream, name: str, text: str) -> Iterator[bytes]:
    return archive.entry(name, [deflated(text.encode())])


def _sheet_sizes(rows: int, most: int) -> list[int]:
    return [min(most, rows - done) for done in range(0, rows, most)] or [0]


def _information(result: ResultFile, cut_columns: set[str]) -> Sequence[tuple[str, str]]:
    lines = [*result.information, ("Times", "UTC")]
    lines.append(("Digits", "The file holds every digit of a number; Excel shows the first 15."))
    cut = [column.header for column in result.columns if column.key in cut_columns]
    if cut:
        said = f"{', '.join(cut)}: whole in CSV, JSON and Parquet"
        lines.append(("Texts cut to what a cell holds", said))
    described = [(column.header, column.description) for column in result.columns]
    return [*lines, *(line for line in described if line[1])]
