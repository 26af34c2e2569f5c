"""``tollbook web`` and clients that are slow, silent, broken or many: small calls are answered."""

import hashlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest

from tests.cli.commands import free_port
from tests.faults.house import House
from tests.patience import PATIENCE, until
from tests.wire.book import DAYS, Callers, finished_report, let_in
from tests.wire.conftest import BASE
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store

pytestmark = pytest.mark.xdist_group("web_under_load")

MOST_MEMORY: Final = 400_000_000
MOST_OF_AN_UPLOAD: Final = 25_000_000
"""Half of one that is held whole."""
QUESTION: Final = json.dumps({"template_code": "ResellerExpenses", "parameters": DAYS})


@dataclass(frozen=True)
class Web:
    """A running server, and who may call."""

    port: int
    process: psutil.Process
    callers: Callers

    @property
    def key(self) -> str:
        """The header of the admin of North."""
        return self.callers.admin

    def client(self, words: str | bytes) -> socket.socket:
        """A connection in which ``words`` were said."""
        caller = socket.create_connection(("127.0.0.1", self.port), timeout=30 * PATIENCE)
        caller.sendall(words.encode() if isinstance(words, str) else words)
        return caller

    def head(self, line: str, *headers: str) -> str:
        """The head of a request with the key."""
        host = f"Host: 127.0.0.1:{self.port}"
        return "\r\n".join((line, host, f"Authorization: {self.key}", *headers, "", ""))

    def ask(self, words: str | bytes, *, end: bool = False) -> "Heard":
        """What is answered to ``words``; ``end`` closes the own side first."""
        with self.client(words) as caller:
            if end:
                caller.shutdown(socket.SHUT_WR)
            return heard(caller)

    def small_calls(self) -> None:
        """Ask for lists, often enough that each process is asked."""
        for _ in range(8):
            answer = httpx.get(
                f"http://127.0.0.1:{self.port}{BASE}/reports",
                headers={"Authorization": self.key},
                timeout=8 * PATIENCE,
            )
            assert answer.status_code == 200

    def highest_memory(self) -> int:
        """The most bytes that one of the processes has taken so far."""
        pids = [self.process.pid, *(child.pid for child in self.process.children())]
        return max(_peak(pid) for pid in pids)


@dataclass(frozen=True)
class Heard:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def told(self) -> str:
        """The one sentence of a refusal."""
        told = json.loads(self.body)
        assert list(told) == ["detail"]
        assert self.headers["x-request-id"]
        return str(told["detail"])


@pytest.fixture
def web(house: House) -> Web:
    """The server on the ledger of the test."""
    callers = let_in()
    port = free_port()
    process = house.start_web(port)
    until(lambda: _answers(port, process), seconds=60)
    return Web(port, psutil.Process(process.pid), callers)


@pytest.mark.long
def test_half_requests_hold_up_nobody(web: Web) -> None:
    line = f"POST {BASE}/reports HTTP/1.1"
    half_head = f"GET {BASE}/reports HTTP/1.1\r\nHost: x\r\nX-Slow"
    half_body = web.head(line, "Content-Type: application/json", "Content-Length: 5000") + "{"
    half_chunk = web.head(line, "Transfer-Encoding: chunked") + "400\r\n{"
    with ExitStack() as stack:
        for words in (half_head, half_body, half_chunk, ""):
            for _ in range(120):
                stack.enter_context(web.client(words))
        web.small_calls()


def test_clients_that_do_not_read_hold_up_nobody(web: Web) -> None:
    report = finished_report(web.callers.book.admin, rows(250_000))
    path = f"{BASE}/reports/{report.uuid}/download?format=csv"
    download = web.head(f"GET {path} HTTP/1.1")
    with ExitStack() as stack:
        silent = [stack.enter_context(web.client(download)) for _ in range(40)]
        statuses = [caller.recv(12) for caller in silent]
        web.small_calls()
        more = [stack.enter_context(web.client(download)) for _ in range(60)]
        web.small_calls()
        firsts = [(caller, caller.recv(12, socket.MSG_PEEK)) for caller in more]
        refused = [heard(caller) for caller, first in firsts if first.endswith(b"503")]

    assert set(statuses) == {b"HTTP/1.1 200"}
    assert refused
    assert all(int(answer.headers["retry-after"]) > 0 and answer.told() for answer in refused)
    assert web.highest_memory() < MOST_MEMORY


@pytest.mark.long
def test_many_downloads_at_once_are_whole_and_stay_within_memory(web: Web) -> None:
    report = finished_report(web.callers.book.admin, rows(200_000))
    forms = ("csv", "json", "xlsx", "csv&raw=true")
    found: list[tuple[str, int, int]] = []

    def download(form: str) -> None:
        url = f"http://127.0.0.1:{web.port}{BASE}/reports/{report.uuid}/download?format={form}"
        headers = {"Authorization": web.key, "Accept-Encoding": "identity"}
        answer = httpx.get(url, headers=headers, timeout=120)
        found.append((form, answer.status_code, len(answer.content)))

    callers = [threading.Thread(target=download, args=(forms[at % 4],)) for at in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert len(found) == 12
    assert len(set(found)) == 4
    assert {status for _, status, _ in found} == {200}
    assert web.highest_memory() < MOST_MEMORY


@pytest.mark.long
def test_half_a_request_makes_no_task(web: Web) -> None:
    line = f"POST {BASE}/reports HTTP/1.1"
    kind = "Content-Type: application/json"
    form = f"--b\r\nContent-Disposition: form-data; name=body\r\n\r\n{QUESTION}\r\n"
    multipart = "Content-Type: multipart/form-data; boundary=b"
    halves = (
        web.head(line, kind, f"Content-Length: {len(QUESTION) + 9}") + QUESTION,
        web.head(line, kind, "Transfer-Encoding: chunked") + f"{len(QUESTION):x}\r\n{QUESTION}\r\n",
        web.head(line, kind, "Transfer-Encoding: chunked") + f"zz\r\n{QUESTION}\r\n",
        web.head(line, multipart, f"Content-Length: {len(form)}") + form,
    )
    answers = [web.ask(half, end=True) for half in halves]

    assert [answer.status for answer in answers] == [400] * 4
    assert answers[0].told() == "The body is shorter than its Content-Length."
    assert all(answer.headers["x-request-id"] for answer in answers)
    assert not FileTask.objects.exists()


def test_a_body_announced_too_long_is_refused_at_once(web: Web) -> None:
    head = web.head(f"POST {BASE}/reports HTTP/1.1", "Content-Length: 5000000")
    waiting = web.head(
        f"POST {BASE}/reports HTTP/1.1", "Content-Length: 5000000", "Expect: 100-continue"
    )
    began = time.monotonic()
    answers = [web.ask(head), web.ask(waiting), web.ask(head.encode() + b" " * 5_000_000)]

    assert [answer.status for answer in answers] == [413] * 3
    assert all(answer.headers["connection"] == "close" and answer.told() for answer in answers)
    assert time.monotonic() - began < 10 * PATIENCE


@pytest.mark.long
def test_a_client_that_waits_to_be_told_is_told(web: Web) -> None:
    head = web.head(
        f"POST {BASE}/reports HTTP/1.1",
        "Content-Type: application/json",
        f"Content-Length: {len(QUESTION)}",
        "Expect: 100-continue",
    )
    with web.client(head) as caller:
        assert caller.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        caller.sendall(QUESTION.encode())
        assert heard(caller).status == 201


@pytest.mark.long
def test_what_is_no_request_is_refused_as_json_with_an_id(web: Web) -> None:
    many = [f"X-{number}: x" for number in range(200)]
    wrong = {
        web.head(f"GET /{'a' * 9_000} HTTP/1.1"): 414,
        f"GET /{'a' * 70_000}": 414,
        web.head("GET / HTTP/1.1", *many): 431,
        web.head("GET / HTTP/1.1", f"X-Long: {'a' * 9_000}"): 431,
        "GET / HTTP/1.1\r\n" + "X-Long: a\r\n" * 9_000: 431,
        web.head("GET / HTTP/1.1", "Bad Header: x"): 400,
        "GET / HTTP/1.1\nHost: x\n\n": 400,
        "GET /healthz HTTP/1.1\r\n\r\n": 400,
        web.head("GET /healthz HTTP/1.1", "Host: another"): 400,
        web.head("nonsense"): 400,
        web.head("GET / HTTP/1.1", "Transfer-Encoding: tea, chunked"): 501,
        web.head("GET / HTTP/1.1", "Expect: tea"): 417,
        web.head("GET / HTTP/1.1", "Content-Length: 5", "Content-Length: 6"): 400,
    }
    for words, status in wrong.items():
        answer = web.ask(words)
        assert (answer.status, bool(answer.told())) == (status, True), words[:60]


@pytest.mark.long
def test_an_old_client_need_not_name_the_host(web: Web) -> None:
    assert web.ask("GET /healthz HTTP/1.0\r\n\r\n").status == 200


@pytest.mark.long
def test_asking_for_the_head_alone_leaves_no_warning(web: Web, house: House) -> None:
    for path in ("/healthz", f"{BASE}/reports"):
        answer = httpx.head(
            f"http://127.0.0.1:{web.port}{path}",
            headers={"Authorization": web.key},
            timeout=8 * PATIENCE,
        )
        assert answer.status_code == 200
        assert int(answer.headers["Content-Length"]) > 0
        assert answer.content == b""

    (server,) = house.processes
    until(lambda: house.log(server).count('"method": "HEAD"') == 2, seconds=30)
    assert '"level": "warning"' not in house.log(server)


@pytest.mark.long
def test_requests_one_after_another_on_one_connection_are_all_answered(web: Web) -> None:
    one = web.head(f"GET {BASE}/reports?limit=1 HTTP/1.1")
    last = web.head(f"GET {BASE}/reports?limit=1 HTTP/1.1", "Connection: close")
    with web.client(one + one + last) as caller:
        said = b"".join(iter(lambda: caller.recv(65_536), b""))

    assert said.count(b"HTTP/1.1 200") == 3


def test_a_long_usage_file_comes_in_whole_and_in_flat_memory(web: Web) -> None:
    web.small_calls()
    before = web.highest_memory()
    digests = [hashlib.sha256() for _ in range(2)]

    def pieces(seen: "hashlib._Hash") -> Iterator[bytes]:
        for number in range(50):
            piece = f"{number:06}".encode() * (1_000_000 // 6)
            seen.update(piece)
            yield piece

    for seen, length in zip(digests, ({}, {"Content-Length": str(50 * 999_996)}), strict=True):
        answer = httpx.post(
            f"http://127.0.0.1:{web.port}{BASE}/imports",
            content=pieces(seen),
            headers={"Authorization": web.key, "Content-Type": "text/csv", **length},
            timeout=120 * PATIENCE,
        )
        assert answer.status_code == 201, answer.text
        told = answer.json()["parameters"]
        assert (told["bytes"], told["sha256"]) == (50 * 999_996, seen.hexdigest())
    assert web.highest_memory() - before < MOST_OF_AN_UPLOAD
    assert len(result_store().keys("uploads")) == 2


def rows(number: int) -> dict[str, list[Any]]:
    """So many rows of about 250 bytes."""
    return {
        "company_name": [f"Client number {at % 50} {'x' * 200}" for at in range(number)],
        "for_date": [date(2026, 10, 1)] * number,
        "count": list(range(number)),
        "money_value": [Decimal("1234.123456789012")] * number,
    }


def heard(caller: socket.socket) -> Heard:
    """Read one answer with a ``Content-Length``."""
    said = b""
    while b"\r\n\r\n" not in said:
        piece = caller.recv(65_536)
        assert piece, said
        said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += caller.recv(65_536)
    return Heard(int(first.split()[1]), headers, body)


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
