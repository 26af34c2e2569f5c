"""A FOCUS file as its reader has it: the CSV of the download, text by text."""

import csv
import io
from typing import Any

from tests.reports.demo import answered
from tests.reports.focus.standard import Row
from tollbook.clients.viewer import Viewer
from tollbook.results.csv_lines import CsvRows
from tollbook.results.exact_cast import cast_exactly
from tollbook.results.row_text import row_jobs

CODE = "FocusCostAndUsage"


def focus_csv(viewer: Viewer, **asked: Any) -> str:
    """The file, as ``?format=csv&raw=true`` gives it; no text in it is empty, which is not null."""
    style = CsvRows(guarded=False)
    with answered(viewer, CODE, **asked) as dataset:
        batches = [cast_exactly(batch, dataset.columns) for batch in dataset.batches]
    assert not [
        (column.key, row)
        for batch in batches
        for column in dataset.columns
        for row in batch.column(column.key)
        if row.as_py() == ""
    ]
    lines = [bytes(style.header(dataset.columns))]
    lines += [bytes(job()) for job in row_jobs(batches, dataset.columns, style)]
    return b"".join(lines).decode()


def focus_file(viewer: Viewer, **asked: Any) -> tuple[list[str], list[Row]]:
    """Its header and its rows, an empty cell as null."""
    header, *lines = csv.reader(io.StringIO(focus_csv(viewer, **asked), newline=""))
    return header, [
        {name: text or None for name, text in zip(header, line, strict=True)} for line in lines
    ]
