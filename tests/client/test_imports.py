"""Handing in usage: what is sent, again where it was not heard, and how an import is followed."""

import gzip
from pathlib import Path
from uuid import UUID

import pytest

from tests.client import samples
from tests.client.conftest import Talk
from tests.client.scripted_server import HANG_UP, Answer, json_answer
from tollbook_client import FileTask, InvalidRequest, ReportCancelled, ReportFailed, TaskStatus

CONTENT = b"record_id,amount\n" + b"a,1\n" * 200_000
REQUEST = UUID(samples.UUID)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "usage.csv"
    place.write_bytes(CONTENT)
    return place


def test_a_file_is_sent_as_it_is_and_every_byte_is_told(talk: Talk, file: Path) -> None:
    book, server = talk(json_answer(samples.task_json("Pending"), 201))
    heard: list[tuple[int, int | None]] = []
    task = book.imports.create(
        file, request_id=REQUEST, on_progress=lambda done, total: heard.append((done, total))
    )
    [seen] = server.seen
    assert (seen.method, seen.path) == ("POST", "/billing/org/v1/imports")
    assert seen.body == CONTENT
    assert seen.headers["Content-Type"] == "text/csv"
    assert seen.headers["Content-Length"] == str(len(CONTENT))
    assert seen.headers["Request-Id"] == samples.UUID
    assert "Content-Encoding" not in seen.headers
    assert (task.uuid, task.status) == (REQUEST, TaskStatus.PENDING)
    assert heard == sorted(heard)
    assert len(heard) > 1
    assert heard[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("usage.csv.gz", "text/csv"),
        ("usage.JSONL.gz", "application/x-ndjson"),
        ("usage.ndjson.gz", "application/x-ndjson"),
        ("usage.parquet.gz", "application/vnd.apache.parquet"),
    ],
)
def test_the_name_says_what_a_file_is(talk: Talk, tmp_path: Path, name: str, kind: str) -> None:
    book, server = talk(json_answer(samples.task_json("Pending"), 201))
    place = tmp_path / name
    place.write_bytes(gzip.compress(b"some"))
    book.imports.create(place)
    [seen] = server.seen
    assert seen.headers["Content-Type"] == kind
    assert seen.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(seen.body) == b"some"


def test_a_name_that_does_not_tell_is_refused_before_anything_is_sent(
    talk: Talk, tmp_path: Path
) -> None:
    book, server = talk(json_answer(samples.task_json("Pending"), 201))
    place = tmp_path / "usage.xlsx"
    place.write_bytes(b"")
    with pytest.raises(ValueError, match=r"usage\.xlsx: a usage file ends with \.csv"):
        book.imports.create(place)
    assert server.seen == []


def test_a_file_that_was_not_heard_is_sent_again_whole_under_the_same_request(
    talk: Talk, file: Path
) -> None:
    book, server = talk(HANG_UP, Answer(503), json_answer(samples.task_json("Pending"), 201))
    book.imports.create(file)
    assert [seen.body == CONTENT for seen in server.seen] == [True] * 3
    assert len({seen.headers["Request-Id"] for seen in server.seen}) == 1


def test_what_the_server_says_of_a_file_is_raised(talk: Talk, file: Path) -> None:
    book, _ = talk(json_answer({"file": ["The name must end with .csv."]}, 400))
    with pytest.raises(InvalidRequest, match="The name must end with"):
        book.imports.create(file)


def test_an_import_is_followed_to_its_end(talk: Talk) -> None:
    counts = {"records_read": 3, "imported": 1, "known": 1, "refused": 1}
    book, _ = talk(
        json_answer(samples.task_json("Pending")),
        json_answer(samples.task_json("InProgress", records_processed=2)),
        Answer(502),
        json_answer(samples.task_json("Completed", **counts)),
    )
    seen: list[FileTask] = []
    done = book.imports.wait(samples.UUID, on_progress=seen.append)
    assert [task.status for task in seen] == ["Pending", "InProgress", "Completed"]
    assert done.processing_notes.everything == counts


def test_an_import_that_failed_or_was_cancelled_says_that_it_is_one(talk: Talk) -> None:
    errors = [{"code": "invalid", "message": "the file is empty"}]
    book, _ = talk(json_answer(samples.task_json("Failed", errors=errors)))
    with pytest.raises(ReportFailed, match=f"^import {samples.UUID} failed: the file is empty$"):
        book.imports.wait(samples.UUID)
    book, _ = talk(json_answer(samples.task_json("Cancelled")))
    with pytest.raises(ReportCancelled, match=r"^import .* was cancelled$"):
        book.imports.wait(samples.UUID)
