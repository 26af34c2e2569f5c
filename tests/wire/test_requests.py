"""What every request gets: an id, a limit, a log line; and mistakes of ours that tell nothing."""

import io
import json
import os
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client as Browser
from gunicorn.http.errors import InvalidChunkSize, NoMoreData
from pytest_django import Settings
from structlog.testing import capture_logs

from tests.wire.book import DAYS, Callers, erp_invoice
from tests.wire.conftest import BASE, Ask
from tollbook.api import throttling
from tollbook.api.v1 import erp_invoices
from tollbook.erp.gateway import ErpUnavailable
from tollbook.filetasks.models import FileTask

QUESTION = {"template_code": "ResellerExpenses", "parameters": DAYS}


def test_every_answer_carries_an_id(ask: Ask) -> None:
    for path, key in (("/reports", None), ("/nothing", None), ("/healthz", None)):
        assert len(ask("GET", path, key=key)["X-Request-Id"]) == 36
    assert ask("POST", "/reports", body=b" " * 2_000_000).has_header("X-Request-Id")


@pytest.mark.parametrize("given", ["my-id", "a" * 64, "0d5ff8ba-7f3f-4d0a-9c5e-0a3f6d0f5f11"])
def test_an_id_of_the_client_is_echoed(given: str, ask: Ask) -> None:
    assert ask("GET", "/reports", headers={"X-Request-Id": given})["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "<script>", "ü"])
def test_an_odd_id_is_replaced(given: str, ask: Ask) -> None:
    answer = ask("GET", "/reports", headers={"X-Request-Id": given})

    assert answer["X-Request-Id"] != given
    assert len(answer["X-Request-Id"]) == 36


def test_the_log_tells_the_request_and_no_secret(ask: Ask, callers: Callers) -> None:
    with capture_logs() as lines:
        ask("GET", "/reports", QUERY_STRING="template=secret", headers={"X-Request-Id": "mine"})

    line = next(line for line in lines if line["event"] == "request")
    assert line["method"] == "GET"
    assert line["path"] == f"{BASE}/reports"
    assert line["status"] == 200
    assert line["ms"] > 0
    assert line["key"] == int(callers.admin.removeprefix("apikey ").partition("$")[0])
    assert "secret" not in str(lines)
    assert callers.admin.partition("$")[2] not in str(lines)


def test_a_key_that_asks_too_often_is_429_and_others_are_not(
    ask: Ask, callers: Callers, settings: Settings
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 3
    throttling.forget_everything()

    statuses = [ask("GET", "/reports/templates").status_code for _ in range(4)]
    refused = ask("GET", "/reports/templates")

    assert statuses == [200, 200, 200, 429]
    assert 1 <= int(refused["Retry-After"]) <= 20
    assert list(refused.json()) == ["detail"]
    assert ask("GET", "/reports/templates", key=callers.stranger).status_code == 200


def test_a_bucket_fills_up_again() -> None:
    bucket = throttling.Bucket(left=0.0, at=100.0)

    assert bucket.take(most=60, now=100.5) == pytest.approx(0.5)
    assert bucket.take(most=60, now=101.0) == 0
    assert bucket.take(most=60, now=101.0) == pytest.approx(1.0)
    assert [bucket.take(most=60, now=1_000.0) for _ in range(61)].count(0) == 60


def test_all_processes_count_together() -> None:
    throttling.forget_everything()
    child = os.fork()
    if child == 0:
        for _ in range(3):
            throttling.take_one(77, most=5, now=1_000.0)
        os._exit(0)
    os.waitpid(child, 0)

    waits = [throttling.take_one(77, most=5, now=1_000.0) for _ in range(3)]

    assert [wait == 0 for wait in waits] == [True, True, False]


def test_a_mistake_of_ours_is_500_and_tells_only_the_id(
    ask: Ask, callers: Callers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr(erp_invoices, "find_erp_invoice", fail)
    answer = ask("GET", "/erp-invoices/1", headers={"X-Request-Id": "mine"})

    assert answer.status_code == 500
    assert answer.json() == {"detail": "Something went wrong on our side.", "request_id": "mine"}
    assert answer["X-Request-Id"] == "mine"
    assert "the inside" in caplog.text


def test_a_ledger_that_does_not_answer_is_503(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("connection refused at 10.0.0.1")

    monkeypatch.setattr(erp_invoices, "find_erp_invoice", fail)
    answer = ask("GET", "/erp-invoices/1")

    assert answer.status_code == 503
    assert answer.has_header("Retry-After")
    assert "10.0.0.1" not in answer.content.decode()


def test_an_erp_that_is_away_is_502(
    ask: Ask, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ErpUnavailable("the ERP does not answer")

    invoice = erp_invoice(callers.book.fjord, "INV/1")
    monkeypatch.setattr(erp_invoices, "find_pdf", fail)
    answer = ask("GET", f"/erp-invoices/{invoice.pk}/download")

    assert answer.status_code == 502
    assert answer.has_header("Retry-After")
    assert answer.json() == {"detail": "the ERP does not answer"}


class Stream(io.BytesIO):
    """A body that remembers how much of it was read at once, at most."""

    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read and remember."""
        piece = super().read(size)
        self.largest = max(self.largest, len(piece))
        return piece


def test_a_body_that_is_announced_too_long_is_refused_unread(ask: Ask) -> None:
    stream = Stream(b" " * 10_000_000)

    answer = ask("POST", "/reports", CONTENT_LENGTH="10000000", **{"wsgi.input": stream})

    assert answer.status_code == 413
    assert list(answer.json()) == ["detail"]
    assert stream.largest == 0


def test_a_body_in_chunks_is_read_as_any_other(ask: Ask) -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "application/json"}
    question = io.BytesIO(json.dumps(QUESTION).encode())
    endless = Stream(b" " * 10_000_000)

    assert ask("POST", "/reports", **chunked, **{"wsgi.input": question}).status_code == 201
    assert ask("POST", "/reports", **chunked, **{"wsgi.input": endless}).status_code == 413


def test_a_body_shorter_than_its_length_is_400_and_makes_nothing(ask: Ask) -> None:
    question = json.dumps(QUESTION).encode()

    answer = ask(
        "POST",
        "/reports",
        CONTENT_LENGTH=str(len(question) + 5),
        CONTENT_TYPE="application/json",
        **{"wsgi.input": io.BytesIO(question)},
    )

    assert answer.status_code == 400
    assert answer.json() == {"detail": "The body is shorter than its Content-Length."}
    assert not FileTask.objects.exists()


@pytest.mark.parametrize("error", [InvalidChunkSize(b"zz"), NoMoreData()])
def test_chunks_that_are_broken_are_400_with_the_id(error: Exception, ask: Ask) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise error

    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "application/json"}
    answer = ask("POST", "/reports", **chunked, **{"wsgi.input": Broken()})

    assert answer.status_code == 400
    assert list(answer.json()) == ["detail"]
    assert answer.has_header("X-Request-Id")


def test_a_length_that_is_no_number_is_400(ask: Ask) -> None:
    assert ask("POST", "/reports", CONTENT_LENGTH="ten").status_code == 400


def test_pages_that_need_no_key(ask: Ask) -> None:
    document = ask("GET", f"{BASE}/openapi.json", key=None)
    pages = ask("GET", "/docs", key=None)

    assert document.json()["openapi"] == "3.1.0"
    assert pages.status_code == 200
    assert "https://" not in pages.content.decode()
    assert ask("GET", "/", key=None)["Location"] == "/docs"
    assert ask("GET", "/healthz", key=None).json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/readyz", f"{BASE}/openapi.json"])
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "TRACE"])
def test_pages_that_need_no_key_are_only_read(path: str, method: str, ask: Ask) -> None:
    answer = ask(method, path, key=None)

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"


def test_the_interactive_pages_bring_their_own_programs(db: Any) -> None:
    page = Browser().get("/docs").content.decode()
    scripts = [part.split('"')[0] for part in page.split('src="')[1:]]

    assert scripts
    assert all(script.startswith("/static/") for script in scripts)
    for script in scripts:
        program = Browser().get(script)
        assert program.status_code == 200
        assert b"".join(program)
        program.close()
