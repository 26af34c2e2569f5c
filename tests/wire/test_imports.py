"""Usage comes in over HTTP: as a form or as it is, for those who may, and never too much of it."""

import gzip
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django import Settings

from tests.usage.files import counts, csv_bytes, json_bytes, parquet_bytes, usage
from tests.wire.book import Callers
from tests.wire.conftest import BASE, Ask
from tollbook.api.slots import Slots
from tollbook.api.v1 import imports
from tollbook.config.queue import ensure_queue
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.usage.tasks import import_data

PLACE = f"{BASE}/imports"


@pytest.fixture
def worked(transactional_db: Any) -> None:
    """Everything is committed: who imports looks by a connection of its own."""
    ensure_queue()


def send(callers: Callers, content: bytes, kind: str = "text/csv", **more: Any) -> Any:
    headers = {"Authorization": getattr(callers, more.pop("role", "admin")), **more}
    browser = Browser(raise_request_exception=False)
    return browser.generic("POST", PLACE, content, content_type=kind, headers=headers)


def form(content: bytes, name: str = "usage.csv", field: str = "file", **fields: str) -> bytes:
    return encode_multipart(BOUNDARY, {field: SimpleUploadedFile(name, content), **fields})


def test_a_file_is_handed_in_followed_and_its_refused_rows_downloaded(
    worked: None, callers: Callers, ask: Ask
) -> None:
    content = csv_bytes([usage(callers.book, "a"), usage(callers.book, "b", amount="x")])
    answer = send(callers, content)
    assert answer.status_code == 201, answer.content
    task = answer.json()
    assert answer["Location"] == f"http://testserver{PLACE}/{task['uuid']}"
    assert answer["Request-Id"] == task["uuid"]
    assert (task["task_type"], task["status"]) == ("ImportData", "Pending")
    assert task["parameters"]["bytes"] == len(content)

    import_data(task["uuid"])

    notes = ask("GET", f"/imports/{task['uuid']}").json()["processing_notes"]
    told = [notes[name] for name in ("records_read", "imported", "known", "refused")]
    assert told == [2, 1, 0, 1]
    found = ask("GET", f"/imports/{task['uuid']}/download?format=json").getvalue()
    assert b'[3,"b","amount","x","is no decimal number such as 1234.5' in found
    listed = ask("GET", "/imports").json()
    assert [one["uuid"] for one in listed["results"]] == [task["uuid"]]
    assert ask("GET", "/reports").json()["count"] == 0
    assert ask("GET", f"/reports/{task['uuid']}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "write", "gzipped"),
    [
        ("text/csv", csv_bytes, False),
        ("text/csv; charset=utf-8", csv_bytes, True),
        ("application/x-ndjson", json_bytes, False),
        ("application/x-ndjson", json_bytes, True),
        ("application/vnd.apache.parquet", parquet_bytes, False),
        ("application/vnd.apache.parquet", parquet_bytes, True),
    ],
)
def test_the_body_itself_may_be_the_file(
    worked: None, callers: Callers, kind: str, write: Any, gzipped: bool
) -> None:
    content = write([usage(callers.book)])
    more = {"Content-Encoding": "gzip"} if gzipped else {}
    answer = send(callers, gzip.compress(content) if gzipped else content, kind, **more)
    assert answer.status_code == 201, answer.content
    import_data(answer.json()["uuid"])
    assert counts(FileTask.objects.get()) == (1, 1, 0, 0)


@pytest.mark.parametrize("name", ["usage.csv", "usage.csv.gz", "blob", "x.PARQUET", "x.ndjson"])
def test_a_form_may_hold_the_file_and_its_name_or_beginning_says_what_it_is(
    worked: None, callers: Callers, name: str
) -> None:
    rows = [usage(callers.book)]
    writers = {"x.PARQUET": parquet_bytes, "x.ndjson": json_bytes, "blob": json_bytes}
    content = writers.get(name, csv_bytes)(rows)
    packed = gzip.compress(content) if name in ("usage.csv.gz", "blob") else content
    answer = send(callers, form(packed, name), MULTIPART_CONTENT)
    assert answer.status_code == 201, answer.content
    import_data(answer.json()["uuid"])
    assert counts(FileTask.objects.get()) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [
        (form(b"x", field="other"), MULTIPART_CONTENT, "other"),
        (form(b"x", more="1"), MULTIPART_CONTENT, "more"),
        (encode_multipart(BOUNDARY, {"file": "no file"}), MULTIPART_CONTENT, "file"),
        (form(b"x") + form(b"x"), MULTIPART_CONTENT, "file"),
        (form(b"x")[:-20], MULTIPART_CONTENT, "non_field_errors"),
        (b"x", "multipart/form-data", "non_field_errors"),
    ],
    ids=["another field", "one more field", "no file", "two files", "cut", "no boundary"],
)
def test_a_form_that_is_no_good_is_refused_and_leaves_nothing(
    callers: Callers, body: bytes, kind: str, field: str
) -> None:
    answer = send(callers, body, kind)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == [field]
    assert result_store().keys("uploads") == []
    assert not FileTask.objects.exists()


def test_what_is_no_usage_file_is_415(callers: Callers) -> None:
    for kind, coding in (("application/json", ""), ("", ""), ("text/csv", "br")):
        answer = send(callers, b"x", kind, **({"Content-Encoding": coding} if coding else {}))
        assert answer.status_code == 415, (kind, coding)
    assert result_store().keys("uploads") == []


def test_a_file_may_be_longer_than_other_bodies_but_has_a_limit_of_its_own(
    callers: Callers, settings: Settings
) -> None:
    assert send(callers, b"x" * (settings.MAX_REQUEST_BYTES + 1)).status_code == 201
    settings.MAX_IMPORT_BYTES = 1_000
    for body, kind in ((b"x" * 1_001, "text/csv"), (form(b"x" * 1_001), MULTIPART_CONTENT)):
        answer = send(callers, body, kind)
        assert answer.status_code == 413
        assert answer.json() == {"detail": "The body is longer than 1000 bytes."}
    assert len(result_store().keys("uploads")) == 1


@pytest.mark.parametrize(
    ("role", "status"), [("operator", 201), ("admin", 201), ("seller", 403), ("client", 403)]
)
def test_operators_and_admins_may_import(callers: Callers, role: str, status: int) -> None:
    assert send(callers, b"x", role=role).status_code == status
    assert len(result_store().keys("uploads")) == (status == 201)


def test_the_same_request_again_is_the_same_import(callers: Callers) -> None:
    number = str(uuid4())
    first, again = (send(callers, b"x", **{"Request-Id": number}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["uuid"] == again.json()["uuid"] == number
    assert send(callers, b"y", **{"Request-Id": number}).status_code == 409
    assert send(callers, b"y", **{"Request-Id": "none"}).status_code == 400
    assert len(result_store().keys("uploads")) == 1


def test_an_import_that_waits_is_stopped_and_never_done(
    worked: None, callers: Callers, ask: Ask
) -> None:
    uuid = send(callers, csv_bytes([usage(callers.book)])).json()["uuid"]
    assert ask("POST", f"/imports/{uuid}/cancel").json()["status"] == "Cancelled"
    import_data(uuid)
    assert ask("GET", f"/imports/{uuid}").json()["status"] == "Cancelled"
    assert result_store().keys("uploads") == []
    answer = ask("GET", f"/imports/{uuid}/download")
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "Failed to render import: the import was cancelled"},
    )


def test_too_many_files_at_once_are_put_off(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "UPLOADS", Slots(0))
    answer = send(callers, b"x")
    assert answer.status_code == 503
    assert answer["Retry-After"]
