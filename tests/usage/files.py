"""Usage files of known contents, and the way from a file to the lake."""

import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import polars as pl

from tests.reports.book import Book
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import open_result
from tollbook.filetasks.rules import TaskType
from tollbook.kernel.periods import DateRange
from tollbook.usage import uploads
from tollbook.usage.forms import form_of_name
from tollbook.usage.lake import open_lake
from tollbook.usage.services import submit_import
from tollbook.usage.tasks import import_data

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
AGES = DateRange(date(2000, 1, 1), date(2100, 1, 1))
Row = Mapping[str, Any]


def usage(book: Book, record_id: str = "r1", **changes: Any) -> dict[str, Any]:
    """A record that can be taken as it is."""
    return {
        "record_id": record_id,
        "client_id": book.fjord.pk,
        "feature": "CDN",
        "region": "europe",
        "period_start": "2026-10-05T14:00:00Z",
        "period_end": "2026-10-05T15:00:00Z",
        "amount": "1.5",
    } | changes


def csv_bytes(rows: Sequence[Row], columns: Sequence[str] | None = None) -> bytes:
    """The rows as CSV with a header line."""
    names = list(columns or rows[0])
    lines = [",".join(names)]
    lines += [",".join(_quoted(row.get(name)) for name in names) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def json_bytes(rows: Sequence[Row]) -> bytes:
    """The rows as JSON Lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def parquet_bytes(rows: Sequence[Row]) -> bytes:
    """The rows as Parquet with all columns as texts."""
    sink = io.BytesIO()
    texts = [{name: None if v is None else str(v) for name, v in row.items()} for row in rows]
    pl.DataFrame(texts, infer_schema_length=None).write_parquet(sink)
    return sink.getvalue()


WRITERS = {
    "usage.csv": csv_bytes,
    "usage.jsonl": json_bytes,
    "usage.parquet": parquet_bytes,
    "usage.csv.gz": lambda rows: gzip.compress(csv_bytes(rows)),
    "usage.ndjson.gz": lambda rows: gzip.compress(json_bytes(rows)),
    "usage.parquet.gz": lambda rows: gzip.compress(parquet_bytes(rows)),
}


def submit(
    viewer: Viewer, content: bytes, name: str = "usage.csv", request_id: UUID | None = None
) -> FileTask:
    """Hand a file in."""
    with uploads.receiving() as arrival:
        arrival.write(content)
    upload = arrival.upload(name, form_of_name(name))
    return submit_import(viewer=viewer, upload=upload, request_id=request_id, now=NOW)


def take_in(viewer: Viewer, content: bytes, name: str = "usage.csv") -> FileTask:
    """Hand a file in and import it; returns the task at its end."""
    task = submit(viewer, content, name)
    import_data(str(task.uuid))
    return FileTask.objects.get(pk=task.uuid)


def refused(viewer: Viewer, task: FileTask) -> list[dict[str, Any]]:
    """What the import refused, by line."""
    opened = open_result(viewer, task.uuid, TaskType.IMPORT_DATA, now=NOW)
    try:
        return [row for frame in opened.result.frames() for row in frame.to_dicts()]
    finally:
        opened.close()


def counts(task: FileTask) -> tuple[int, int, int, int]:
    """Records read, imported, known and refused."""
    notes = task.processing_notes
    return notes["records_read"], notes["imported"], notes["known"], notes["refused"]


def lake_rows() -> list[dict[str, Any]]:
    """All records of the lake, by id."""
    rows: list[dict[str, Any]] = open_lake(AGES).to_table().to_pylist()
    return sorted(rows, key=lambda row: row["record_id"])


def _quoted(value: object) -> str:
    text = "" if value is None else str(value)
    needed = any(mark in text for mark in ',"')
    return '"{}"'.format(text.replace('"', '""')) if needed else text
