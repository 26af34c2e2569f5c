"""Reports from the POST to the last byte, from open months and from sealed ones.

Beside them what nothing could beat: PostgreSQL's own COPY of the same rows, a copy of the same
bytes in memory, a write of them to the disk. Then many clients at once, some of them slow.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import httpx

from bench import figures, limits
from bench.book import running_ledger
from bench.section import Section
from bench.served import NotServed, serving
from bench.span import Span
from bench.tree import WatchedTree, watching

_FORMS: Final = ("csv", "xlsx")
_LOOK_AGAIN: Final = 0.1
_MANY: Final = 20
_SLOW: Final = 4
_SLOW_PIECE: Final = 1 << 20
_SLOW_PAUSE: Final = 0.25
_LIMIT: Final = 400e6
_OPEN, _SEALED = "open months", "sealed months"


@dataclass(frozen=True)
class Whole:
    """Seconds from the POST to the last byte, of them until Completed, and bytes."""

    seconds: float
    made: float
    bytes: int


@dataclass(frozen=True)
class Limits:
    """Seconds of the raw ways over the same rows."""

    copy_file: float
    copy_nowhere: float
    copy_facts: float
    memory: float
    disk: float
    bytes: int


def measure_reports(
    home: Path, span: Span, *, repeats: int, tell: Callable[[str], None]
) -> list[Section]:
    """The sections over ``span`` of the book under ``home``, whose ledger must not run."""
    with running_ledger(home):
        raw = _raw(home, span, repeats, tell)
        stages = {_OPEN: _stages(span, tell)}
    wholes, peaks = {}, {}
    with serving(home) as (client, top), watching(top) as tree:
        for form in _FORMS:
            tell(f"{_OPEN}: POST to the last byte of the {form}")
            wholes[_OPEN, form] = _median(client, span, form, repeats)
        peaks[_OPEN] = _largest(tree)
    with running_ledger(home):
        tell("the months are sealed")
        _alone("bench.sealing", span)
        ready = float(_alone("bench.ready_months", span).splitlines()[-1])
        stages[_SEALED] = _stages(span, tell)
    with serving(home) as (client, top), watching(top) as tree:
        for form in _FORMS:
            tell(f"{_SEALED}: POST to the last byte of the {form}")
            wholes[_SEALED, form] = _median(client, span, form, repeats)
        peaks[_SEALED] = _largest(tree)
        many = _many(client, span, tell)
        peaks["downloads"] = _largest(tree)
    return [
        _end_to_end(span, wholes, raw, peaks, ready),
        _by_stage(span, stages, wholes, raw),
        _side_by_side(span, many, peaks["downloads"]),
    ]


def _raw(home: Path, span: Span, repeats: int, tell: Callable[[str], None]) -> Limits:
    tell(f"COPY of {span.rows:,} rows")
    file = home / "copy.csv"
    runs = [
        (
            limits.copy_to_file(span, file),
            limits.copy_to_nowhere(span),
            limits.copy_facts_to_nowhere(span),
        )
        for _ in range(repeats)
    ]
    content = file.read_bytes()
    in_memory = statistics.median(limits.copy_in_memory(content) for _ in range(repeats))
    on_disk = statistics.median(limits.write_to_disk(content, file) for _ in range(repeats))
    file.unlink()
    copies = [statistics.median(each) for each in zip(*runs, strict=True)]
    return Limits(*copies, in_memory, on_disk, len(content))


def _stages(span: Span, tell: Callable[[str], None]) -> dict[str, float]:
    tell("the stages of a report, each by itself")
    found: dict[str, float] = json.loads(_alone("bench.stages", span).splitlines()[-1])
    return found


def _alone(module: str, span: Span) -> str:
    """What the module prints about the days of ``span``, run by a process of its own."""
    command = [sys.executable, "-m", module, str(span.start), str(span.end)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise NotServed(f"{module} failed:\n{ended.stderr}")
    return ended.stdout


def _median(client: httpx.Client, span: Span, form: str, repeats: int) -> Whole:
    runs = [_whole(client, span, form) for _ in range(repeats)]
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _whole(client: httpx.Client, span: Span, form: str) -> Whole:
    began = time.perf_counter()
    uuid = _made(client, span)
    made = time.perf_counter() - began
    length = _read(client, uuid, form)
    return Whole(time.perf_counter() - began, made, length)


def _made(client: httpx.Client, span: Span) -> str:
    """Ask for the report and wait; its uuid."""
    asked = {"date_from": span.start.isoformat(), "date_to": span.end.isoformat()}
    answer = client.post(
        "/reports", json={"template_code": "ResellerExpenses", "parameters": asked}
    )
    answer.raise_for_status()
    uuid = str(answer.json()["uuid"])
    while (task := client.get(f"/reports/{uuid}").json())["status"] in {"Pending", "InProgress"}:
        time.sleep(_LOOK_AGAIN)
    if task["status"] != "Completed" or task["processing_notes"]["rows"] != span.rows:
        raise NotServed(f"the report ended so: {task}")
    return uuid


def _read(client: httpx.Client, uuid: str, form: str, *, slowly: bool = False) -> int:
    """Read a download to its last byte as cheaply as can be: the client shares the processors."""
    place = client.base_url
    connection = HTTPConnection(place.host, place.port or 80, timeout=client.timeout.read)
    headers = {"Accept-Encoding": "identity", "Authorization": client.headers["Authorization"]}
    with closing(connection):
        connection.request(
            "GET", f"{place.path}reports/{uuid}/download?format={form}", headers=headers
        )
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise NotServed(f"the download ended with {answer.status}")
        length, room = 0, bytearray(_SLOW_PIECE)
        while got := answer.readinto(room):
            length += got
            if slowly:
                time.sleep(_SLOW_PAUSE)
    return length


@dataclass(frozen=True)
class Many:
    """What came of clients that download at once while lists are asked for."""

    seconds: float
    bytes: int
    slowest: float
    slow_bytes: int
    lists: list[float]
    alone: list[float]


def _many(client: httpx.Client, span: Span, tell: Callable[[str], None]) -> Many:
    """Clients that each pull a format of one report, some slowly, until the quick ones are done."""
    uuid = _made(client, span)
    forms = ("csv", "json", "xlsx", "parquet")
    alone = [_listed(client) for _ in range(40)]
    tell(f"{_MANY} clients at once, {_SLOW} of them slow")
    quick: list[tuple[float, int]] = []
    slow: list[int] = []
    began = time.perf_counter()

    def pull(number: int) -> None:
        if number < _SLOW:
            slow.append(_read(client, uuid, forms[number % 4], slowly=True))
        else:
            length = _read(client, uuid, forms[number % 4])
            quick.append((time.perf_counter() - began, length))

    threads = [threading.Thread(target=pull, args=(number,)) for number in range(_MANY)]
    for thread in threads:
        thread.start()
    lists = []
    while any(thread.is_alive() for thread in threads[_SLOW:]):
        lists.append(_listed(client))
    seconds = max(taken for taken, _ in quick)
    for thread in threads:
        thread.join()
    if len(quick) + len(slow) != _MANY:
        raise NotServed(f"of {_MANY} clients {len(quick) + len(slow)} got their file")
    return Many(
        seconds,
        sum(length for _, length in quick),
        max(t for t, _ in quick),
        sum(slow),
        lists,
        alone,
    )


def _listed(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.get("/expenses", params={"limit": 20}).raise_for_status()
    return time.perf_counter() - began


def _largest(tree: WatchedTree) -> dict[str, int]:
    return {role: peaks[0] for role, peaks in tree.by_role().items()}


def _end_to_end(
    span: Span,
    wholes: dict[tuple[str, str], Whole],
    raw: Limits,
    peaks: dict[str, dict[str, int]],
    ready: float,
) -> Section:
    rows = [
        [
            f"Tollbook, {months} → {form.upper()}",
            figures.seconds(whole.seconds),
            figures.rate(span.rows, whole.seconds),
            figures.megabytes_a_second(whole.bytes, whole.seconds),
            f"{whole.seconds / raw.copy_file:.2f} ×",
        ]
        for (months, form), whole in wholes.items()
    ]
    for name, seconds in (
        ("PostgreSQL's COPY of the same rows to a CSV file", raw.copy_file),
        ("PostgreSQL's COPY of the same rows to nowhere", raw.copy_nowhere),
        ("PostgreSQL's COPY of their facts alone, ids for names", raw.copy_facts),
    ):
        rate = figures.rate(span.rows, seconds)
        rows.append([name, figures.seconds(seconds), rate, "", f"{seconds / raw.copy_file:.2f} ×"])
    ours = {
        months: max(size for role, size in found.items() if role != "postgres")
        for months, found in peaks.items()
    }
    kept = "stayed" if max(ours.values()) < _LIMIT else "did NOT stay"
    largest = ", ".join(f"{figures.megabytes(size)} with {name}" for name, size in ours.items())
    return Section(
        title=f"From the POST to the last byte, {span.rows:,} rows",
        headers=("way", "time", "rows/s", "MB/s", "time of COPY"),
        rows=rows,
        notes=(
            (
                "`tollbook up` on its embedded PostgreSQL; the client shares the processors. The "
                "report is asked for, made by a worker with digest and totals, and downloaded."
            ),
            (
                "COPY by psql, in one connection, of the same columns with the names joined. To "
                "reach: 2 × its time from open months, 0.5 × from sealed ones, for CSV."
            ),
            (
                "What reports have of sealed months is made once, by a worker in the minute after "
                f"their closing: {figures.seconds(ready)} for these, and no report waits for it."
            ),
            f"Every process of Tollbook {kept} under 400 MB; the largest: {largest}.",
        ),
    )


def _by_stage(
    span: Span,
    stages: dict[str, dict[str, float]],
    wholes: dict[tuple[str, str], Whole],
    raw: Limits,
) -> Section:
    rows = []
    for months, found in stages.items():
        sent = wholes[months, "csv"].seconds - wholes[months, "csv"].made
        for stage, seconds, limit in (
            ("query alone: facts read and named", found["query"], raw.copy_facts),
            ("query and spool at once", found["query and spool"], raw.disk),
            ("render XLSX", found["render xlsx"], raw.memory),
            ("render JSON", found["render json"], raw.memory),
            ("render CSV again, where none is kept", found["render csv"], raw.memory),
            ("send the CSV over HTTP", sent, raw.memory),
        ):
            rows.append(
                [
                    f"{months}: {stage}",
                    figures.seconds(seconds),
                    figures.rate(span.rows, seconds),
                    figures.seconds(limit),
                ]
            )
    return Section(
        title=f"Where the time goes, {span.rows:,} rows",
        headers=("stage", "time", "rows/s", "raw limit"),
        rows=rows,
        notes=(
            "Each by itself in a fresh process. Spooled are the result, digest, totals and CSV.",
            (
                "Raw limits, measured beside: for the query COPY of the facts to nowhere, for the "
                "spool a write of the CSV's bytes to the disk with fsync, for the others a copy of "
                f"them in memory ({figures.megabytes(raw.bytes)})."
            ),
        ),
    )


def _side_by_side(span: Span, many: Many, peaks: dict[str, int]) -> Section:
    def quantile(values: list[float], share: float) -> str:
        return figures.milliseconds(sorted(values)[int(share * (len(values) - 1))])

    quick = _MANY - _SLOW
    rows = [
        [
            f"{quick} quick clients, all done after",
            figures.seconds(many.seconds),
            figures.megabytes_a_second(many.bytes, many.seconds) + " MB/s",
        ],
        [
            "a page of expenses before, p50 and p95",
            quantile(many.alone, 0.5),
            quantile(many.alone, 0.95),
        ],
        [
            "a page of expenses meanwhile, p50 and p95",
            quantile(many.lists, 0.5),
            quantile(many.lists, 0.95),
        ],
        ["largest web process", figures.megabytes(peaks.get("web", 0)), ""],
    ]
    return Section(
        title=f"{_MANY} clients download a report of {span.rows:,} rows at once",
        headers=("what", "", " "),
        rows=rows,
        notes=(
            (
                f"JSON, CSV, XLSX and Parquet in turn; {_SLOW} clients read a megabyte and wait "
                f"{figures.milliseconds(_SLOW_PAUSE)}, and get their file too."
            ),
            f"Pages are asked for one after another, {len(many.lists)} meanwhile.",
        ),
    )
