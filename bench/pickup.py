"""How long a task waits for a free worker, on the embedded queue and on a queue that is polled."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench import figures
from bench.section import Section

_TASKS: Final = 100
_PEER_TASKS: Final = 20
_AT_ONCE: Final = 50
_SLOTS: Final = 2
_START_SECONDS: Final = 60
_WORK_SECONDS: Final = 120
_REACH: Final = 0.020
_ROOT: Final = Path(__file__).parent.parent


def measure_pickup(home: Path, *, tell: Callable[[str], None]) -> list[Section]:
    """Pick-up of real reports by a real worker; the ledger of ``home`` runs, Django is ready."""
    tell(f"pick-up of {_TASKS} reports, one after another")
    with _tollbook_worker(home) as viewer:
        one_by_one = [_wait_for_pickup(viewer) for _ in range(_TASKS)]
        tell(f"{_AT_ONCE} reports at once")
        last, done = _many_at_once(viewer)
    tell(f"pick-up of {_PEER_TASKS} tasks by Celery on a polled queue")
    polled = polled_pickups(_PEER_TASKS)
    return [_section(one_by_one, polled, last, done)]


def polled_pickups(tasks: int) -> list[float]:
    """Seconds until a Celery worker took each task from a queue of files, all settings default."""
    with TemporaryDirectory(prefix="tollbook-bench-queue-") as folder:
        environment = {
            **os.environ,
            "BENCH_QUEUE": folder,
            "PYTHONPATH": str(_ROOT),
            "PYTHONWARNINGS": "ignore",
        }
        options = ("worker", "-c", str(_SLOTS), "--without-gossip", "--without-mingle")
        command = (sys.executable, "-m", "celery", "-A", "bench.polled_queue", *options)
        os.environ["BENCH_QUEUE"] = folder
        from bench.polled_queue import note_pickup, pickups

        with _process(command, environment):
            note_pickup.delay(time.time())
            _until(lambda: len(pickups()) == 1)
            for number in range(tasks):
                time.sleep(random.uniform(0.05, 0.15))
                note_pickup.delay(time.time())
                _until(lambda wanted=number + 2: len(pickups()) == wanted)  # type: ignore[misc]
            return pickups()[1:]


@contextmanager
def _tollbook_worker(home: Path) -> Iterator[Any]:
    """A worker with two processes, and who asks it for reports."""
    from tollbook.clients.models import User
    from tollbook.clients.selectors import viewer_of
    from tollbook.config import celery as _app  # noqa: F401  messages go through it
    from tollbook.config.queue import ensure_queue

    ensure_queue()
    ready = home / "bench-worker-ready"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tollbook.config.settings"}
    environment |= {"TOLLBOOK_READY_FILE": str(ready)}
    command = (sys.executable, "-m", "tollbook", "worker", "-c", str(_SLOTS))
    viewer = viewer_of(User.objects.filter(role="operator").earliest("pk"))
    with _process(command, environment):
        _until(ready.exists)
        _wait_for_pickup(viewer)
        yield viewer
    ready.unlink()


def _submit(viewer: Any) -> Any:
    """Ask for a report of a day long ago, which holds nothing."""
    from tollbook.reports.services import submit_report

    return submit_report(
        viewer=viewer,
        template_code="ResellerExpenses",
        parameters={"date_from": "2001-01-01", "date_to": "2001-01-01"},
        request_id=None,
        now=datetime.now(UTC),
    )


def _wait_for_pickup(viewer: Any) -> float:
    """Seconds from asking to the worker's claim; returns when the worker is free again."""
    time.sleep(random.uniform(0.05, 0.15))
    task = _submit(viewer)
    _until(lambda: _is_finished(task))
    return _waited(task).total_seconds()


def _many_at_once(viewer: Any) -> tuple[float, float]:
    """Seconds until the last of many was taken, and until all were done."""
    began = time.perf_counter()
    tasks = [_submit(viewer) for _ in range(_AT_ONCE)]
    _until(lambda: all(_is_finished(task) for task in tasks))
    return max(_waited(task) for task in tasks).total_seconds(), time.perf_counter() - began


def _is_finished(task: Any) -> bool:
    task.refresh_from_db()
    if task.status == "Failed":
        raise RuntimeError(f"a report failed: {task.processing_notes['errors']}")
    return bool(task.status == "Completed")


def _waited(task: Any) -> timedelta:
    waited: timedelta = task.started_at - task.created_at
    return waited


def _section(ours: Sequence[float], polled: Sequence[float], last: float, done: float) -> Section:
    p50 = _share(ours, 0.5)
    verdict = "reached" if p50 < _REACH else "missed"
    return Section(
        title=f"Task pick-up, {_SLOTS} worker processes",
        headers=("queue", "p50", "p95", "max", "ratio of p50"),
        rows=[
            _row("Tollbook: embedded PostgreSQL", ours, p50),
            _row("Celery on `filesystem://`, defaults", polled, p50),
        ],
        notes=(
            (
                "From asking (the row is written after that) to the claim by a worker, for "
                f"{len(ours)} reports and {len(polled)} empty tasks, one after another."
            ),
            f"To reach: p50 under {figures.milliseconds(_REACH)}; {verdict}.",
            (
                f"{_AT_ONCE} reports asked for at once: the last one was taken after "
                f"{figures.seconds(last)}, all were done after {figures.seconds(done)}."
            ),
        ),
    )


def _row(name: str, waits: Sequence[float], p50: float) -> tuple[str, ...]:
    shown = [figures.milliseconds(each) for each in (_share(waits, 0.5), _share(waits, 0.95))]
    ratio = f"{_share(waits, 0.5) / p50:,.1f} ×"
    return (name, *shown, figures.milliseconds(max(waits)), ratio)


def _share(waits: Sequence[float], share: float) -> float:
    """The wait that ``share`` of all stay under."""
    return sorted(waits)[min(int(len(waits) * share), len(waits) - 1)]


@contextmanager
def _process(command: Sequence[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, cwd=_ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WORK_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_WORK_SECONDS} s")
        time.sleep(0.05)
