"""Ctrl-C while a command waits for its task cancels the task too."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.scenarios.house import House
from tollbook_client import FileTask, TaskStatus, Tollbook

REPORT = ("report", "new", "ResellerExpenses", "-p", "date_from=2026-10-01")
pytestmark = pytest.mark.xdist_group("demo")
OPEN_MONTH = ("close", "2026-10", "--reseller", "103")


@pytest.fixture
def resting(demo: House) -> Iterator[House]:
    """Its workers take nothing while the test runs."""
    workers = [one for one in demo.processes() if "worker" in one.cmdline()]
    for worker in workers:
        worker.suspend()
    yield demo
    for worker in workers:
        worker.resume()


def last_report(book: Tollbook) -> FileTask:
    return next(book.reports.list())


def last_closing(book: Tollbook) -> FileTask:
    return next(book.closings.list())


def last_stop(book: Tollbook) -> FileTask:
    return next(book.stops.list())


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "last", "told"),
    [
        ((*REPORT, "-p", "date_to=2026-11-01", "-o", "/dev/null"), last_report, "is cancelled"),
        ((*OPEN_MONTH, "--dry-run"), last_closing, "cancelled; a dry run keeps nothing"),
        (OPEN_MONTH, last_closing, "close again for the others"),
        (
            ("stop", "--client", "{client}", "-o", "/dev/null"),
            last_stop,
            "stop again for the others",
        ),
    ],
)
def test_ctrl_c_cancels_what_is_waited_for(
    client: str,
    resting: House,
    arguments: tuple[str, ...],
    last: Callable[[Tollbook], FileTask],
    told: str,
) -> None:
    variables = {"TOLLBOOK_URL": resting.url, "TOLLBOOK_KEY": resting.key}
    with psutil.Popen(
        [sys.executable, "-m", "tollbook", *(word.format(client=client) for word in arguments)],
        env={**resting.environment, **variables},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as asking:
        assert "waits" in asking.stderr.readline()
        time.sleep(0.2)
        asking.send_signal(signal.SIGINT)
        said = asking.stderr.read()
    assert asking.returncode == 130
    assert told in said
    assert "Traceback" not in said
    with Tollbook(resting.url, resting.key) as book:
        assert last(book).status is TaskStatus.CANCELLED
