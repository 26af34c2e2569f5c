"""The main job over real HTTP: a report asked for, made by a worker, and downloaded."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from bench import figures
from bench.section import Section
from bench.span import Span
from bench.tree import WatchedTree, watching

_BASE: Final = "/billing/org/v1"
_FORMATS: Final = ("csv", "json", "xlsx")
_START_SECONDS: Final = 120
_WORK_SECONDS: Final = 300
_STOP_SECONDS: Final = 30
_LIMIT: Final = 400e6


@dataclass(frozen=True)
class Downloaded:
    """Seconds from the request to the first and the last byte of the body, and its length."""

    first_byte: float
    last_byte: float
    bytes: int


class NotServed(Exception):
    """The server did not do what was asked of it."""


def serve(home: Path, span: Span, *, repeats: int, tell: Callable[[str], None]) -> list[Section]:
    """Start everything on the book under ``home`` and run the main job over ``span``."""
    tell("tollbook up")
    with serving(home) as (client, top), watching(top) as tree:
        tell(f"a report of {span.rows:,} rows over HTTP")
        posted, made, uuid = _make(client, span)
        downloads = {}
        for form in _FORMATS:
            tell(f"its download as {form}")
            runs = [_download(client, uuid, form) for _ in range(repeats)]
            downloads[form] = sorted(runs, key=lambda run: run.last_byte)[len(runs) // 2]
    return [_times(span, posted, made, downloads, repeats=repeats), _memory(span, tree)]


@contextmanager
def serving(home: Path) -> Iterator[tuple[httpx.Client, int]]:
    """``tollbook up`` on ``home``, a client with a key of its own, and the first process."""
    with _running(home) as (top, url):
        headers = {"Authorization": f"apikey {_new_key()}"}
        limits = httpx.Limits(max_connections=None)
        with httpx.Client(
            base_url=url + _BASE,
            headers=headers,
            timeout=_WORK_SECONDS,
            trust_env=False,
            limits=limits,
        ) as client:
            yield client, top


def _make(client: httpx.Client, span: Span) -> tuple[float, float, str]:
    """Seconds until the POST was answered and until the report was there; its uuid."""
    asked = {"date_from": span.start.isoformat(), "date_to": span.end.isoformat()}
    began = time.perf_counter()
    answer = client.post(
        "/reports", json={"template_code": "ResellerExpenses", "parameters": asked}
    )
    answer.raise_for_status()
    posted = time.perf_counter() - began
    uuid = answer.json()["uuid"]
    while (task := _task(client, uuid))["status"] in {"Pending", "InProgress"}:
        if time.perf_counter() - began > _WORK_SECONDS:
            raise NotServed(f"the report is still {task['status']} after {_WORK_SECONDS} s")
        time.sleep(0.02)
    made = time.perf_counter() - began
    if task["status"] != "Completed" or task["processing_notes"]["rows"] != span.rows:
        raise NotServed(f"the report ended so: {task}")
    return posted, made, uuid


def _task(client: httpx.Client, uuid: str) -> dict[str, Any]:
    answer = client.get(f"/reports/{uuid}")
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _download(client: httpx.Client, uuid: str, form: str) -> Downloaded:
    first, length = 0.0, 0
    began = time.perf_counter()
    headers = {"Accept-Encoding": "identity"}
    path = f"/reports/{uuid}/download"
    with client.stream("GET", path, params={"format": form}, headers=headers) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            first = first or time.perf_counter() - began
            length += len(piece)
    return Downloaded(first, time.perf_counter() - began, length)


def _times(
    span: Span,
    posted: float,
    made: float,
    downloads: dict[str, Downloaded],
    *,
    repeats: int,
) -> Section:
    rows = [
        ["POST /reports, until its 201", figures.milliseconds(posted), "", "", ""],
        [
            "until the report is Completed",
            "",
            figures.seconds(made),
            figures.rate(span.rows, made),
            "",
        ],
    ]
    rows += [
        [
            f"download as {form.upper()}",
            figures.milliseconds(one.first_byte),
            figures.seconds(one.last_byte),
            figures.rate(span.rows, one.last_byte),
            figures.megabytes_a_second(one.bytes, one.last_byte),
        ]
        for form, one in downloads.items()
    ]
    return Section(
        title=f"Over HTTP, {span.rows:,} rows",
        headers=("step", "first byte", "last byte", "rows/s", "MB/s"),
        rows=rows,
        notes=(
            (
                "`tollbook up` with its embedded PostgreSQL; the client runs on the same machine "
                "and takes its share of the processors. Each download is the median of "
                f"{repeats}."
            ),
        ),
    )


def _memory(span: Span, tree: WatchedTree) -> Section:
    peaks = tree.by_role()
    mine = [most for role, found in peaks.items() if role != "postgres" for most in found]
    kept = "stayed" if max(mine) < _LIMIT else "did NOT stay"
    return Section(
        title=f"Memory of every process meanwhile, {span.rows:,} rows",
        headers=("process", "processes", "largest peak", "sum of peaks"),
        rows=[
            [role, str(len(found)), figures.megabytes(found[0]), figures.megabytes(sum(found))]
            for role, found in peaks.items()
        ],
        notes=(
            (
                f"Every process of Tollbook {kept} under 400 MB of resident memory. PostgreSQL is "
                "printed beside it: its processes each count the buffers that they share."
            ),
        ),
    )


@contextmanager
def _running(home: Path) -> Iterator[tuple[int, str]]:
    """``tollbook up`` on ``home``: its process number and address, once it answers."""
    url = f"http://127.0.0.1:{(port := _free_port())}"
    log = home / "up.log"
    with log.open("wb") as opened:
        process = subprocess.Popen(
            [sys.executable, "-m", "tollbook", "up", "--port", str(port)],
            stdout=opened,
            stderr=opened,
            env=_environment(),
        )
    try:
        _wait_for_answer(process, url, log)
        yield process.pid, url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_STOP_SECONDS)


def _wait_for_answer(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _START_SECONDS and process.poll() is None:
        try:
            if httpx.get(f"{url}{_BASE}/reports/templates", trust_env=False).status_code == 401:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise NotServed(f"tollbook up does not answer: {log.read_text(errors='replace')[-2000:]}")


def _new_key() -> str:
    command = [sys.executable, "-m", "tollbook", "keys", "new", "--email", "bench@example.com"]
    command += ["--role", "operator"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if ended.returncode != 0:
        raise NotServed(f"no key was made: {ended.stderr}")
    return ended.stdout.strip()


def _environment() -> dict[str, str]:
    """Tollbook's own settings, not the ones of the comparison."""
    return os.environ | {"DJANGO_SETTINGS_MODULE": "tollbook.config.settings"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
