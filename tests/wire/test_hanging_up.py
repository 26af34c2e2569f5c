"""A great result, many clients that ask for it and hang up: all is let go, others are served."""

import socket
import threading
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from pytest_django.live_server_helper import LiveServer

from tests.patience import until
from tests.reports.book import open_book
from tests.wire.book import finished_report, let_in
from tests.wire.conftest import BASE

CLIENTS = 20
ROWS = 300_000


@pytest.mark.long
@pytest.mark.parametrize("form", ["csv", "json", "xlsx", "parquet"])
def test_clients_that_hang_up_leave_nothing_behind(
    form: str, transactional_db: Any, live_server: LiveServer
) -> None:
    book = open_book()
    key = let_in(book).admin
    report = finished_report(book.admin, _rows())
    path = f"{BASE}/reports/{report.uuid}/download?format={form}"

    callers = [
        threading.Thread(target=_ask_and_hang_up, args=(live_server.url, path, key, 50_000 * turn))
        for turn in range(CLIENTS)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    page = httpx.get(f"{live_server.url}{BASE}/reports", headers={"Authorization": key})

    assert page.status_code == 200
    until(lambda: not _open_files(str(report.uuid)))


def _rows() -> dict[str, list[Any]]:
    return {
        "company_name": [f"Client number {number % 50} {'x' * 100}" for number in range(ROWS)],
        "for_date": [date(2026, 10, 1)] * ROWS,
        "count": list(range(ROWS)),
        "money_value": [Decimal("1234.123456789012")] * ROWS,
    }


def _ask_and_hang_up(server: str, path: str, key: str, read: int) -> None:
    place = urlsplit(server)
    with socket.create_connection((place.hostname, place.port), timeout=60) as caller:
        lines = (f"GET {path} HTTP/1.1", f"Host: {place.netloc}", f"Authorization: {key}")
        caller.sendall("\r\n".join((*lines, "Connection: close", "", "")).encode())
        while read > 0 and (piece := caller.recv(65_536)):
            read -= len(piece)


def _open_files(report: str) -> list[str]:
    return [file.path for file in psutil.Process().open_files() if report in file.path]
