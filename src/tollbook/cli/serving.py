"""``tollbook web``, ``worker`` and ``beat``: one process each, for machines of one's own."""

import os
import tempfile
import threading
import time
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from celery.exceptions import SecurityWarning
from celery.signals import beat_init, worker_ready, worker_shutting_down
from celery.worker import state
from gunicorn.app.base import BaseApplication

from tollbook.cli.arriving import LONGEST_LINE
from tollbook.cli.book import opened_book
from tollbook.config.memory import give_memory_back
from tollbook.config.processes import die_with_parent

DEFAULT_PORT: Final = 8080
READY_FILE: Final = "TOLLBOOK_READY_FILE"
"""Names a file that a worker or beat makes when it is ready."""

_WEB_PROCESSES: Final = 2
_WEB_THREADS: Final = 48
_GRACE_SECONDS: Final = 5
_NO_LONGER_READ: Final = timedelta(days=1)
_LOOK_SECONDS: Final = 0.1


@click.command(short_help="Serve the API and the pages")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    envvar="TOLLBOOK_PORT",
    show_default=True,
    help="Port to listen on.  [TOLLBOOK_PORT]",
)
@click.option("--listener", type=int, hidden=True, help="An open file that listens already.")
def web(host: str, port: int, listener: int | None) -> None:
    """Serve the API and the pages over HTTP."""
    give_memory_back()
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with tempfile.TemporaryDirectory(prefix="tollbook-metrics-") as shared, opened_book():
        from tollbook.api.copies import clear_spool  # noqa: PLC0415  Django must be ready

        os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared
        clear_spool(datetime.now(UTC) - _NO_LONGER_READ)
        _WebServer(address if listener is None else f"fd://{listener}").run()


@click.command(short_help="Do background work")
@click.option(
    "-c",
    "--concurrency",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    help="Tasks done at once.",
)
def worker(concurrency: int) -> None:
    """Do background work: take tasks from the queue and run them."""
    give_memory_back()
    with opened_book():
        from tollbook.config.celery import app  # noqa: PLC0415  Django must be ready

        worker_ready.connect(_say_ready)
        worker_shutting_down.connect(_leave_when_idle)
        warnings.simplefilter("ignore", SecurityWarning)
        app.Worker(
            concurrency=concurrency,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        ).start()


@click.command(short_help="Send what is due")
def beat() -> None:
    """Send what is due: sweeps of lost tasks and the expiry of results. One is enough."""
    with opened_book():
        from tollbook.config.celery import app  # noqa: PLC0415  Django must be ready

        beat_init.connect(_say_ready)
        app.Beat(scheduler_cls="celery.beat:Scheduler", loglevel="WARNING", quiet=True).run()


class _WebServer(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our settings, in this process."""

    def __init__(self, bind: str) -> None:
        self._bind = bind
        super().__init__()

    def load_config(self) -> None:
        from tollbook.cli.web_worker import PatientWorker  # noqa: PLC0415  Django must be ready

        settings: dict[str, Any] = {
            "bind": self._bind,
            "workers": _WEB_PROCESSES,
            "worker_class": PatientWorker,
            "preload_app": True,
            "threads": _WEB_THREADS,
            "keepalive": 30,
            "timeout": 120,
            "graceful_timeout": _GRACE_SECONDS,
            "limit_request_line": LONGEST_LINE,
            "loglevel": "warning",
            "control_socket_disable": True,
            "proc_name": "tollbook web",
            "post_fork": _tie_to_master,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from tollbook.config.wsgi import application  # noqa: PLC0415  each process its own

        return application


def _tie_to_master(_arbiter: Any, worker_process: Any) -> None:
    die_with_parent(worker_process.ppid)


def _leave_when_idle(how: str, **_: Any) -> None:
    """Shorten a warm shutdown: once no task is at hand, Celery only waits for its own threads."""
    if how == "Warm":
        threading.Thread(target=_leave, name="leave", daemon=True).start()


def _leave() -> None:
    while state.active_requests or state.reserved_requests:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


def _say_ready(**_: Any) -> None:
    if note := os.environ.get(READY_FILE):
        Path(note).touch()
