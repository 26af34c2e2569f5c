"""Downloads: formats, negotiation, validators, parts, compression, and letting go."""

import csv
import gzip
import hashlib
import io
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client as Browser
from pytest_django import Settings

from tests.wire.book import ROWS, Callers, erp_invoice, finished_report, report_task
from tests.wire.conftest import BASE, Ask
from tollbook.api import copies
from tollbook.api.downloads import Download
from tollbook.api.slots import Slots
from tollbook.api.v1 import task_download
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.reports.renderers import RENDERERS, ReportFormat

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"


@pytest.fixture
def report(callers: Callers) -> FileTask:
    """A finished report of the admin of North."""
    return finished_report(callers.book.admin)


@pytest.fixture
def get(ask: Ask, report: FileTask) -> Any:
    """Download it."""

    def send(query: str = "", method: str = "GET", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/reports/{report.uuid}/download"
        return ask(method, path, QUERY_STRING=query, headers=named)

    return send


def body(answer: Any) -> bytes:
    """All bytes of an answer, streamed or not."""
    return b"".join(answer) if answer.streaming else answer.content


def test_json_has_headers_and_rows_with_exact_amounts(get: Any) -> None:
    answer = get()

    assert answer["Content-Type"] == "application/json"
    table = json.loads(body(answer))
    assert table["headers"] == ["Client", "Day", "Count", "Cost"]
    assert table["rows"] == [
        [ROWS["company_name"][0], "2026-10-01", 1, "12345678901234567890.123456789012"],
        ["Brook", "2026-10-02", -2, "-0.100000000000"],
        [None, None, None, None],
    ]


def test_csv_is_guarded_unless_it_is_raw(get: Any) -> None:
    guarded = list(csv.reader(io.StringIO(body(get("format=csv")).decode(), newline="")))
    raw = list(csv.reader(io.StringIO(body(get("format=csv&raw=true")).decode(), newline="")))

    assert guarded[1][0] == "'" + ROWS["company_name"][0]
    assert raw[1][0] == ROWS["company_name"][0]
    assert guarded[2][3] == "-0.100000000000"
    assert get("format=csv")["Content-Type"] == "text/csv; charset=utf-8"


def test_xlsx_and_parquet_are_read_by_others(get: Any) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(body(get("format=xlsx"))))
    table = pq.read_table(io.BytesIO(body(get("format=parquet"))))

    assert workbook.worksheets[0]["A2"].value == ROWS["company_name"][0]
    assert workbook.worksheets[0]["A2"].data_type == "s"
    assert table.num_rows == 3


ACCEPTED = [
    ({}, "application/json"),
    ({"Accept": "*/*"}, "application/json"),
    ({"Accept": ""}, "application/json"),
    ({"Accept": "text/csv"}, "text/csv; charset=utf-8"),
    ({"Accept": "text/csv;charset=utf-8"}, "text/csv; charset=utf-8"),
    ({"Accept": "text/*"}, "text/csv; charset=utf-8"),
    ({"Accept": XLSX}, XLSX),
    ({"Accept": "TEXT/CSV"}, "text/csv; charset=utf-8"),
    ({"Accept": "application/json;q=0.5, text/csv"}, "text/csv; charset=utf-8"),
    ({"Accept": f"text/csv;q=0.8, {XLSX};q=0.9, */*;q=0.1"}, XLSX),
    ({"Accept": "application/json;q=0, */*"}, "text/csv; charset=utf-8"),
    ({"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, "application/json"),
    ({"Accept": "application/*;q=0.2, text/csv;q=0.3"}, "text/csv; charset=utf-8"),
    ({"Accept": "text/html, text/csv;q=0.001"}, "text/csv; charset=utf-8"),
]


@pytest.mark.parametrize(("headers", "media_type"), ACCEPTED)
def test_accept_is_negotiated(headers: dict[str, str], media_type: str, get: Any) -> None:
    assert get(**headers)["Content-Type"] == media_type


def test_format_counts_before_accept(get: Any) -> None:
    assert get("format=csv", Accept=XLSX)["Content-Type"] == "text/csv; charset=utf-8"
    assert get("format=json", Accept="text/html").status_code == 200


def test_the_file_has_a_telling_name(get: Any, report: FileTask) -> None:
    stem = f"ResellerExpenses_2026-10-01_2026-11-01_{str(report.uuid)[:8]}"

    for name in ReportFormat:
        extension = RENDERERS[name].extension
        disposition = get(f"format={name}")["Content-Disposition"]
        assert disposition == f'attachment; filename="{stem}.{extension}"'


UNFINISHED = [
    ({"status": "Pending"}, "the report is not ready yet: Pending", True),
    (
        {"status": "InProgress", "lease_expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
        "the report is not ready yet: InProgress",
        True,
    ),
    ({"status": "Cancelled"}, "the report was cancelled", False),
    (
        {
            "status": "Failed",
            "processing_notes": {"errors": [{"code": "storage_full", "message": "It is full."}]},
        },
        "the report failed: It is full.",
        False,
    ),
]


@pytest.mark.parametrize(("changes", "reason", "waits"), UNFINISHED)
def test_a_report_without_a_file_is_400_with_the_reason(
    changes: dict[str, Any], reason: str, waits: bool, ask: Ask, callers: Callers
) -> None:
    task = report_task(callers.book.admin, **changes)

    for accept in ("*/*", CSV, XLSX):
        answer = ask("GET", f"/reports/{task.uuid}/download", headers={"Accept": accept})

        assert answer.status_code == 400
        assert answer.json() == {"error": f"Failed to render report: {reason}"}
        assert answer.has_header("Retry-After") is waits


def test_an_expired_or_lost_result_is_410(ask: Ask, callers: Callers) -> None:
    expired = finished_report(callers.book.admin)
    FileTask.objects.filter(pk=expired.pk).update(
        result_expires_at=datetime.now(UTC) - timedelta(seconds=1)
    )
    lost = finished_report(callers.book.admin)
    result_store().delete(lost.result_key)

    for task in (expired, lost):
        answer = ask("GET", f"/reports/{task.uuid}/download")

        assert answer.status_code == 410
        assert list(answer.json()) == ["detail"]


def test_a_damaged_result_is_a_clear_400(ask: Ask, callers: Callers) -> None:
    task = finished_report(callers.book.admin)
    with result_store().writing(task.result_key) as file:
        file.write(b"PAR1 half")

    answer = ask("GET", f"/reports/{task.uuid}/download")

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Failed to render report: ")


def test_every_form_has_a_tag_of_its_own_that_saves_the_download(get: Any) -> None:
    forms = [
        ("format=json", {}),
        ("format=json", {"Accept-Encoding": "gzip"}),
        ("format=csv", {}),
        ("format=csv", {"Accept-Encoding": "gzip"}),
        ("format=csv&raw=true", {}),
        ("format=xlsx", {}),
        ("format=parquet", {}),
    ]
    tags = [get(query, **headers)["ETag"] for query, headers in forms]

    assert len(set(tags)) == len(forms)
    assert all(tag.startswith('"') for tag in tags)
    for (query, headers), tag in zip(forms, tags, strict=True):
        for condition in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = get(query, **headers, If_None_Match=condition)
            assert again.status_code == 304
            assert body(again) == b""
            assert not again.has_header("Content-Length")
            assert again["ETag"] == tag
        assert get(query, **headers, If_None_Match='"x"').status_code == 200


def test_head_answers_the_headers_alone(get: Any) -> None:
    for query in ("format=csv", "format=xlsx", "format=json"):
        head, whole = get(query, method="HEAD"), get(query)  # whose file is made meanwhile

        assert head.status_code == 200
        assert body(head) == b""
        names = ("Content-Type", "ETag", "Content-Disposition", "Accept-Ranges", "Vary")
        assert [head[name] for name in names] == [whole[name] for name in names]
        assert not head.has_header("Content-Length")
        length = len(body(whole))
        assert get(query, method="HEAD")["Content-Length"] == str(length)


TOTALS = {"EUR": {"money_value": "1.50"}, "": {"money_value": "-0.1", "tax_value": "0"}}
PROOF = ("Tollbook-Digest", "Tollbook-Rows", "Tollbook-Totals")


def test_every_answer_says_what_the_result_holds(get: Any, report: FileTask) -> None:
    FileTask.objects.filter(pk=report.pk).update(processing_notes={"totals": TOTALS})
    told = [
        f"sha-256={report.result_digest}",
        "3",
        '"";money_value="-0.1";tax_value="0", EUR;money_value="1.50"',
    ]
    for query in ("format=csv", "format=csv&raw=true", "format=json", "format=xlsx"):
        whole = get(query)
        others = [
            get(query, method="HEAD"),
            get(query, If_None_Match=whole["ETag"]),
            get(query, Range="bytes=0-4"),
            get(query, Accept_Encoding="gzip"),
        ]
        assert [answer.status_code for answer in others] == [200, 304, 206, 200]
        for answer in (whole, *others):
            assert [answer[name] for name in PROOF] == told


def test_the_digest_is_that_of_the_csv_whose_own_bytes_are_known(get: Any) -> None:
    answer = get("format=csv")
    digest = hashlib.sha256(body(answer)).digest()

    assert answer["Tollbook-Digest"] == f"sha-256={digest.hex()}"
    assert answer["Repr-Digest"] == f"sha-256=:{b64encode(digest).decode()}:"
    part = get("format=csv", Range="bytes=0-4")
    assert part["Repr-Digest"] == answer["Repr-Digest"]
    for query, headers in (
        ("format=csv", {"Accept_Encoding": "gzip"}),
        ("format=csv&raw=true", {}),
        ("format=json", {}),
    ):
        assert not get(query, **headers).has_header("Repr-Digest")


@pytest.mark.parametrize(
    "totals",
    [
        None,
        {},
        {"": {}} | {"é": {"money_value": "1"}},
        {"EUR": {"Money": "1"}},
        {f"X{number}": {"money_value": "1" * 30} for number in range(200)},
    ],
)
def test_totals_that_no_header_can_hold_are_left_to_the_task(
    totals: Any, get: Any, report: FileTask
) -> None:
    FileTask.objects.filter(pk=report.pk).update(processing_notes={"totals": totals})
    answer = get("format=csv", method="HEAD")

    assert answer.status_code == 200
    assert not answer.has_header("Tollbook-Totals")


def test_csv_and_json_are_compressed_when_asked(get: Any) -> None:
    for query in ("format=csv", "format=json"):
        plain = get(query)
        packed = get(query, Accept_Encoding="br, gzip;q=0.5")

        assert not plain.has_header("Content-Encoding")
        assert packed["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed["Vary"]
        assert gzip.decompress(body(packed)) == body(plain)
    for query, accepted in (
        ("format=xlsx", "gzip"),
        ("format=csv", "gzip;q=0, *"),
        ("format=csv", "gzip;q=0.5, identity;q=1"),
        ("format=csv", "gzip;q=0.5, identity"),
    ):
        assert not get(query, Accept_Encoding=accepted).has_header("Content-Encoding")


PARTS = [
    ("bytes=0-9", slice(0, 10)),
    ("bytes=10-", slice(10, None)),
    ("bytes=-7", slice(-7, None)),
    ("bytes=5-5", slice(5, 6)),
    ("bytes=3-999999", slice(3, None)),
    ("bytes=-999999", slice(0, None)),
    ("BYTES = 0-1", slice(0, 2)),
]


@pytest.mark.parametrize(("wanted", "part"), PARTS)
@pytest.mark.parametrize("query", ["format=csv", "format=json", "format=xlsx", "format=parquet"])
def test_a_part_is_what_the_whole_holds_there(
    query: str, wanted: str, part: slice, get: Any
) -> None:
    whole = body(get(query))

    answer = get(query, Range=wanted, Accept_Encoding="gzip")
    found = body(answer)

    assert answer.status_code == 206
    assert found == whole[part]
    assert not answer.has_header("Content-Encoding")
    first, last, _ = part.indices(len(whole))
    assert answer["Content-Range"] == f"bytes {first}-{last - 1}/{len(whole)}"
    assert answer["Content-Length"] == str(len(found))
    assert answer["ETag"] == get(query)["ETag"]


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=99999999-",
        "bytes=99999999-100000000",
        "bytes=-0",
        "bytes=99999999999999999999-",
        f"bytes={'9' * 40}-{'9' * 41}",
    ],
)
def test_a_part_that_does_not_exist_is_416_with_the_length(wanted: str, get: Any) -> None:
    for query in ("format=csv", "format=parquet"):
        answer = get(query, Range=wanted)

        assert answer.status_code == 416
        assert answer["Content-Range"] == f"bytes */{len(body(get(query)))}"
        assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize(
    "wanted", ["bytes=0-1,4-5", "bytes=5-3", "lines=0-9", "bytes", "bytes=", "bytes=-", "x", ""]
)
def test_what_asks_for_no_single_part_gets_the_whole(wanted: str, get: Any) -> None:
    answer = get("format=csv", Range=wanted)

    assert answer.status_code == 200
    assert body(answer) == body(get("format=csv"))


def test_a_part_of_another_version_is_answered_with_the_whole(get: Any) -> None:
    tag = get("format=csv")["ETag"]

    assert get("format=csv", Range="bytes=0-9", If_Range=tag).status_code == 206
    for other in ('"x"', f"W/{tag}", "Fri, 20 Nov 2026 09:00:00 GMT", ""):
        assert get("format=csv", Range="bytes=0-9", If_Range=other).status_code == 200


def test_head_takes_no_part(get: Any) -> None:
    assert get("format=csv", method="HEAD", Range="bytes=0-9").status_code == 200


def test_parts_are_rendered_once_and_go_with_the_report(
    get: Any, ask: Ask, report: FileTask, django_capture_on_commit_callbacks: Any
) -> None:
    folder = f"results/{report.uuid}"
    for wanted in ("bytes=0-9", "bytes=10-19", "bytes=-1"):
        body(get("format=csv", Range=wanted))
    assert len(result_store().keys(folder)) == 2

    with django_capture_on_commit_callbacks(execute=True):
        ask("DELETE", f"/reports/{report.uuid}")
    assert result_store().keys(folder) == []


def test_where_no_copy_can_be_written_the_whole_is_answered(
    get: Any, report: FileTask, settings: Settings
) -> None:
    folder = settings.TOLLBOOK_HOME / "storage" / "results" / str(report.uuid)
    before = set(folder.iterdir())
    body(get("format=csv", Range="bytes=0-9"))
    (copy,) = set(folder.iterdir()) - before
    copy.unlink()
    (copy / "in the way").mkdir(parents=True)

    answer = get("format=csv", Range="bytes=0-9")

    assert answer.status_code == 200
    assert body(answer) == body(get("format=csv"))


def test_the_first_piece_comes_before_the_rest_is_made() -> None:
    made: list[int] = []
    released: list[bool] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield str(number).encode()

    download = Download(pieces(), lambda: released.append(True))

    assert next(download) == b"0"
    assert made == [0]
    assert released == []


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_client_that_hangs_up_frees_everything_once(taken: int) -> None:
    closed: list[bool] = []
    released: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield from (b"a", b"b", b"c")
        finally:
            closed.append(True)

    download = Download(pieces(), lambda: released.append(True))
    for _ in range(taken):
        next(download)
    download.close()
    download.close()

    assert released == [True]
    assert closed == ([True] if taken else [])
    assert next(iter(download), None) is None


def test_hanging_up_closes_the_file_of_the_result(
    callers: Callers, report: FileTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tollbook.api.v1 import task_download

    opened: list[Any] = []
    genuine = task_download.open_result

    def remember(*arguments: Any, **named: Any) -> Any:
        opened.append(genuine(*arguments, **named))
        return opened[-1]

    monkeypatch.setattr(task_download, "open_result", remember)
    browser = Browser(headers={"Authorization": callers.admin})
    request_finished.disconnect(close_old_connections)  # it would end the test's transaction
    try:
        for query in ("format=csv", "format=json", "format=xlsx", "format=parquet"):
            for headers in ({}, {"Accept-Encoding": "gzip"}):
                path = f"{BASE}/reports/{report.uuid}/download?{query}"
                browser.get(path, headers=headers).close()
    finally:
        request_finished.connect(close_old_connections)

    assert len(opened) == 8
    assert all(each.file.closed for each in opened)


def test_an_invoice_comes_as_pdf(ask: Ask, callers: Callers) -> None:
    invoice = erp_invoice(callers.book.fjord, "INV/2026/00001")

    answer = ask("GET", f"/erp-invoices/{invoice.pk}/download")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="INV-2026-00001.pdf"'
    assert answer.content.startswith(b"%PDF-")


def test_an_invoice_comes_as_nothing_else(ask: Ask, callers: Callers) -> None:
    invoice = erp_invoice(callers.book.fjord, "INV/2026/00001")
    path = f"/erp-invoices/{invoice.pk}/download"

    assert ask("GET", path, headers={"Accept": "text/html"}).status_code == 406
    assert ask("GET", path, headers={"Accept": "application/*"}).status_code == 200


def test_a_copy_that_is_there_is_sent_whole_with_its_length(get: Any) -> None:
    for query in ("format=csv", "format=json", "format=xlsx"):
        whole = body(get(query))
        body(get(query, Range="bytes=0-9"))

        again = get(query)
        packed = get(query, Accept_Encoding="gzip")

        assert again["Content-Length"] == str(len(whole))
        assert body(again) == whole
        if packed.has_header("Content-Encoding"):
            assert gzip.decompress(body(packed)) == whole


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
@pytest.mark.parametrize("query", ["format=csv", "format=json", "format=xlsx"])
def test_what_was_made_once_is_not_made_again(
    query: str, accepted: str, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = body(get(query, Accept_Encoding=accepted))
    monkeypatch.setattr(copies, "RENDERINGS", Slots(0))

    again = get(query, Accept_Encoding=accepted)

    assert again["Content-Length"] == str(len(first))
    assert body(again) == first


def test_where_nothing_can_be_made_the_answer_is_503_in_the_end(
    get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "RENDERINGS", Slots(0))
    monkeypatch.setattr(task_download, "_LONGEST_WAIT", 0.3)

    answer = get("format=csv")

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert list(answer.json()) == ["detail"]


def test_a_key_has_its_share_of_downloads_and_gets_it_back(
    get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_download, "DOWNLOADS", Slots(2, 1))
    first = get("format=csv")

    assert get("format=csv").status_code == 503
    assert get("format=tea").status_code == 400
    body(first)
    assert body(get("format=csv"))
    assert get("format=csv", method="HEAD").status_code == 200
    assert get("format=csv").status_code == 200


def test_room_is_given_back_once() -> None:
    slots = Slots(2, 1)
    first, second = slots.take(1), slots.take(2)

    assert first is not None
    assert second is not None
    assert slots.take(3) is None
    first()
    first()
    assert slots.take(2) is None
    assert slots.take(3) is not None
    assert slots.take(4) is None
