"""Machines that Tollbook runs on: each has a home of its own and knows only what it is told."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx

from tests.outgrown.programs import Program, free_port
from tests.patience import PATIENCE, until

ROOT: Final = Path(__file__).parents[2]
_TOLLBOOK: Final = (sys.executable, "-m", "tollbook")


@dataclass
class Machine:
    """A folder that no other machine sees, and what ``tollbook`` does in it."""

    folder: Path
    addresses: Mapping[str, str]
    port: int = field(default_factory=free_port)
    program: Program | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()

    @property
    def home(self) -> Path:
        """``TOLLBOOK_HOME``."""
        return self.folder / "home"

    @property
    def url(self) -> str:
        """Where its web server answers, if it runs one."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """All that its processes are told: nothing of the test's own environment."""
        kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT / "src"),
            "TOLLBOOK_HOME": str(self.home),
            "TOLLBOOK_PORT": str(self.port),
            "TOLLBOOK_READY_FILE": str(self._ready),
            **self.addresses,
        }

    def run(self, *arguments: str) -> str:
        """A command to its end; what it printed."""
        done = subprocess.run(
            (*_TOLLBOOK, *arguments),
            env=dict(self.environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=180 * PATIENCE,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, *arguments: str) -> "Machine":
        """A command that goes on; ``wait`` tells when it is of use."""
        self._ready.unlink(missing_ok=True)
        command = (*_TOLLBOOK, *arguments)
        self.program = Program(arguments[0], command, self.environment, self.folder).start()
        return self

    def wait(self) -> None:
        """Return when what was started takes requests, or work."""
        assert self.program is not None
        serves = self.program.name in {"web", "up"}
        until(self._answers if serves else self._is_ready, seconds=30, every=0.1)

    def kill(self) -> None:
        """As if it lost power."""
        if self.program is not None:
            self.program.kill()

    def said(self) -> str:
        """All that its processes logged, in all their lives."""
        return "".join(log.read_text() for log in self.folder.glob("*.log"))

    def has_claimed(self, uuid: UUID, attempt: int) -> bool:
        """Whether a worker of it took this attempt of a task."""
        lines = [line for line in self.said().splitlines() if "file_task_claimed" in line]
        wanted = {"event": "file_task_claimed", "file_task": str(uuid), "attempt": attempt}
        return any(wanted.items() <= json.loads(line).items() for line in lines)

    @property
    def _ready(self) -> Path:
        return self.folder / "ready"

    def _is_ready(self) -> bool:
        assert self.program is not None
        return self.program.is_running() and self._ready.exists()

    def _answers(self) -> bool:
        assert self.program is not None
        self.program.is_running()
        try:
            return httpx.get(f"{self.url}/readyz", timeout=10).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def kill_all(machines: Sequence[Machine]) -> None:
    """End everything that runs on the machines."""
    for each in machines:
        each.kill()
