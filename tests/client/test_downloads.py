"""Downloads: whole or not at all, whatever the connection does."""

import hashlib
import io
from pathlib import Path

import pytest

from tests.client import samples
from tests.client.conftest import Talk
from tests.client.scripted_server import Answer, json_answer
from tollbook_client import (
    Download,
    DownloadBroken,
    Expired,
    InvalidRequest,
    ReportFailed,
    ReportNotReady,
    Tollbook,
)

BODY = bytes(range(256)) * 40
NAMED = {"ETag": '"v1"', "Content-Disposition": 'attachment; filename="expenses.csv"'}
CHUNKED = {**NAMED, "Transfer-Encoding": "chunked"}


def half(size: int = 5000) -> Answer:
    """The first ``size`` bytes of all that was promised."""
    return Answer(200, BODY[:size], NAMED, promised=len(BODY))


def rest(start: int, etag: str = '"v1"') -> Answer:
    total = len(BODY)
    headers = {"ETag": etag, "Content-Range": f"bytes {start}-{total - 1}/{total}"}
    return Answer(206, BODY[start:], headers)


def save(book: Tollbook, target: Path) -> Download:
    return book.reports.download(samples.UUID, "csv", to=target)


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_a_file_is_saved_whole_with_its_length_and_digest(talk: Talk, tmp_path: Path) -> None:
    book, server = talk(Answer(200, BODY, NAMED))
    seen: list[tuple[int, int | None]] = []
    saved = book.reports.download(
        samples.UUID,
        "csv",
        to=tmp_path / "out.csv",
        on_progress=lambda received, total: seen.append((received, total)),
    )
    assert only_file(tmp_path).read_bytes() == BODY
    assert saved.path == tmp_path / "out.csv"
    assert saved.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (saved.bytes, saved.resumed, seen[-1]) == (len(BODY), 0, (len(BODY), len(BODY)))
    assert server.seen[0].path == f"/billing/org/v1/reports/{samples.UUID}/download?format=csv"


def test_a_folder_takes_the_servers_file_name(talk: Talk, tmp_path: Path) -> None:
    book, _ = talk(Answer(200, BODY, NAMED))
    assert save(book, tmp_path).path == tmp_path / "expenses.csv"
    assert only_file(tmp_path).name == "expenses.csv"


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\passwd", "/passwd", ".passwd"])
def test_a_file_name_of_the_server_never_leads_out_of_the_folder(
    talk: Talk, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    header = {"Content-Disposition": f'attachment; filename="{name}"'}
    book, _ = talk(Answer(200, BODY, header))
    assert save(book, folder).path == folder / "passwd"


def test_a_broken_download_goes_on_where_it_broke_off(talk: Talk, tmp_path: Path) -> None:
    book, server = talk(half(5000), rest(5000))
    saved = save(book, tmp_path / "out.csv")
    assert only_file(tmp_path).read_bytes() == BODY
    assert (saved.resumed, saved.sha256) == (1, hashlib.sha256(BODY).hexdigest())
    assert server.seen[1].headers["Range"] == "bytes=5000-"
    assert server.seen[1].headers["If-Range"] == '"v1"'


def test_a_broken_download_of_unknown_length_goes_on_too(talk: Talk, tmp_path: Path) -> None:
    chunk = b"1388\r\n" + BODY[:5000] + b"\r\n"
    book, _ = talk(Answer(200, chunk, CHUNKED), rest(5000))
    save(book, tmp_path / "out.csv")
    assert only_file(tmp_path).read_bytes() == BODY


def test_a_server_that_sends_all_again_is_not_written_twice(talk: Talk, tmp_path: Path) -> None:
    book, _ = talk(half(5000), Answer(200, BODY, NAMED))
    saved = save(book, tmp_path / "out.csv")
    assert only_file(tmp_path).read_bytes() == BODY
    assert saved.sha256 == hashlib.sha256(BODY).hexdigest()


def test_a_file_that_changed_meanwhile_is_begun_again(talk: Talk, tmp_path: Path) -> None:
    changed = Answer(200, BODY[::-1], {"ETag": '"v2"'})
    book, _ = talk(half(5000), changed)
    saved = save(book, tmp_path / "out.csv")
    assert only_file(tmp_path).read_bytes() == BODY[::-1]
    assert saved.sha256 == hashlib.sha256(BODY[::-1]).hexdigest()


def test_a_rest_of_another_file_is_not_joined_on(talk: Talk, tmp_path: Path) -> None:
    book, _ = talk(half(5000), rest(5000, '"v2"'), Answer(200, BODY, {"ETag": '"v2"'}))
    save(book, tmp_path / "out.csv")
    assert only_file(tmp_path).read_bytes() == BODY


def test_a_stream_receives_each_byte_once(talk: Talk) -> None:
    book, _ = talk(half(100), half(5000), rest(5000))
    stream = io.BytesIO()
    saved = book.reports.download(samples.UUID, "csv", to=stream)
    assert stream.getvalue() == BODY
    assert (saved.path, saved.name) == (None, "expenses.csv")


def test_a_download_that_never_gets_on_ends_and_leaves_nothing(talk: Talk, tmp_path: Path) -> None:
    book, server = talk(half(5000), Answer(206, b"", rest(5000).headers, promised=10))
    with pytest.raises(DownloadBroken, match="again and again"):
        save(book, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []
    assert len(server.seen) == 4


def test_an_older_file_of_that_name_survives_a_broken_download(talk: Talk, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("older")
    book, _ = talk(half(0))
    with pytest.raises(DownloadBroken):
        save(book, tmp_path / "out.csv")
    assert only_file(tmp_path).read_text() == "older"


def test_a_report_that_is_not_ready_says_when_to_look_again(talk: Talk, tmp_path: Path) -> None:
    text = "Failed to render report: it is still InProgress"
    book, _ = talk(json_answer({"error": text}, 400, Retry_After="2"))
    with pytest.raises(ReportNotReady, match="still InProgress") as caught:
        save(book, tmp_path / "out.csv")
    assert caught.value.retry_after == 2


def test_a_report_that_failed_has_no_file(talk: Talk, tmp_path: Path) -> None:
    book, _ = talk(json_answer({"error": "Failed to render report: no space"}, 400))
    with pytest.raises(ReportFailed, match="no space"):
        save(book, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_an_expired_result_is_told_from_an_unknown_one(talk: Talk, tmp_path: Path) -> None:
    book, _ = talk(json_answer({"detail": "The result has expired."}, 410))
    with pytest.raises(Expired):
        save(book, tmp_path / "out.csv")


def test_an_unknown_format_is_an_invalid_request(talk: Talk, tmp_path: Path) -> None:
    book, _ = talk(json_answer({"format": ["pdf is none of csv, json, xlsx."]}, 400))
    with pytest.raises(InvalidRequest, match="pdf is none of"):
        book.reports.download(samples.UUID, "pdf", to=tmp_path)


def test_the_pdf_of_an_invoice_is_saved(talk: Talk, tmp_path: Path) -> None:
    book, server = talk(Answer(200, b"%PDF-1.7", {"Content-Type": "application/pdf"}))
    saved = book.erp_invoices.pdf(12, to=tmp_path)
    assert saved.path == tmp_path / "invoice-12.pdf"
    assert server.seen[0].path == "/billing/org/v1/erp-invoices/12/download"
