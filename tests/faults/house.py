"""Real workers in processes of their own, on the test's ledger and on a queue of its own."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psutil

from tests.filetasks.asking import submit
from tests.patience import PATIENCE, until
from tollbook.clients.viewer import Viewer
from tollbook.config.processes import tied_command
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskType

ROOT: Final = Path(__file__).parents[2]
LEASE_SECONDS: Final = 3
SWEEP_SECONDS: Final = 1
_CELERY: Final = ("-m", "celery", "-A", "tests.faults.worker_app")
_QUIET: Final = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass
class House:
    """Where the parts are, and the processes that were started."""

    home: Path
    database_url: str
    broker_url: str
    storage_url: str = ""
    queue: str = field(default_factory=lambda: f"test_{secrets.token_hex(4)}")
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def diary(self) -> Path:
        """Where the slow work notes its attempts."""
        return self.home / "diary"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the processes are told."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tollbook.config.settings",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "TOLLBOOK_HOME": str(self.home),
            "DATABASE_URL": self.database_url,
            "BROKER_URL": self.broker_url,
            "STORAGE_URL": self.storage_url,
            "TOLLBOOK_QUEUE": self.queue,
            "TOLLBOOK_LEASE_SECONDS": str(LEASE_SECONDS),
            "TOLLBOOK_SWEEP_SECONDS": str(SWEEP_SECONDS),
        }

    def start_worker(
        self, *, slots: int = 1, before: Callable[[], None] | None = None, wait: bool = True
    ) -> subprocess.Popen[bytes]:
        """A worker with ``slots`` processes; returns when it takes work."""
        options = ("worker", "-c", str(slots), *_QUIET)
        worker = self._start("worker", (*_CELERY, *options), before=before)
        if wait:
            until(lambda: self._said(worker, "the worker takes work"), seconds=30)
        return worker

    def start_tollbook_worker(self, *, slots: int = 1) -> subprocess.Popen[bytes]:
        """A worker as an operator starts it; it knows nothing of the slow work."""
        ready = self.home / f"ready-{secrets.token_hex(4)}"
        worker = self._start(
            "worker",
            ("-m", "tollbook", "worker", "-c", str(slots)),
            extra={"TOLLBOOK_READY_FILE": str(ready)},
        )
        until(ready.exists, seconds=30)
        return worker

    def start_web(self, port: int) -> subprocess.Popen[bytes]:
        """The web server as an operator starts it; it may take a moment until it answers."""
        return self._start("web", ("-m", "tollbook", "web", "--port", str(port)))

    def start_beat(self) -> subprocess.Popen[bytes]:
        """The clock that asks for sweeps."""
        schedule = str(self.home / "beat")
        return self._start("beat", (*_CELERY, "beat", "-s", schedule))

    def submit(self, viewer: Viewer, *, batches: int, seconds: float, **more: Any) -> FileTask:
        """Ask for the slow work, as a request would, in this process."""
        parameters = {"batches": batches, "seconds": seconds, "diary": str(self.diary), **more}
        return submit(
            viewer,
            task_type=TaskType.STOP_SUBSCRIPTIONS,
            template="",
            parameters=parameters,
            resolved={},
        )

    def entries(self, what: str) -> list[list[str]]:
        """Lines of the diary: uuid, attempt and process of each attempt that ``what``."""
        if not self.diary.exists():
            return []
        lines = [line.split() for line in self.diary.read_text().splitlines()]
        return [line[1:] for line in lines if line[0] == what]

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """What ``process`` said."""
        return next(self.home.glob(f"{process.pid}-*.log")).read_text()

    def stop(self) -> None:
        """Kill what still runs."""
        for process in self.processes:
            kill_tree(process)
        self.processes.clear()

    def run(self, code: str) -> str:
        """Run ``code`` under Django in a process of its own; returns what it printed."""
        done = subprocess.run(
            (sys.executable, "-c", f"import django; django.setup()\n{code}"),
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60 * PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _start(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        before: Callable[[], None] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        log = self.home / f"{name}-{secrets.token_hex(4)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                tied_command((sys.executable, *arguments)),
                env={**self.environment, **(extra or {})},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=before,  # noqa: PLW1509
                start_new_session=True,
            )
        log.rename(self.home / f"{process.pid}-{name}.log")
        self.processes.append(process)
        return process

    def _said(self, process: subprocess.Popen[bytes], text: str) -> bool:
        assert process.poll() is None, self.log(process)
        return text in self.log(process)


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill ``process`` and what it started, at once."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.send_signal(signal.SIGKILL)
    process.kill()
    process.wait(10)


def through(url: str, port: int) -> str:
    """``url`` with a proxy on ``port`` in the service's place."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}"))


def target_of(url: str) -> tuple[str, int]:
    """Host and port of the service at ``url``."""
    parts = urlsplit(url)
    ports = {"amqp": 5672, "redis": 6379, "pgmq": 5432, "postgresql": 5432}
    return parts.hostname or "127.0.0.1", parts.port or ports[parts.scheme]
