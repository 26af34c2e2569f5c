"""Programs that a test starts, with what they said; all of them are gone at the end."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tollbook.config.processes import tied_command


@dataclass
class Program:
    """One process with all that it starts, in a folder of its own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """Where everything goes that it says, over all its lives."""
        return self.folder / f"{self.name}.log"

    def start(self) -> "Program":
        """Begin; what it said in former lives stays."""
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(
                tied_command(self.command, death_signal=signal.SIGTERM),
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        return self

    def is_running(self) -> bool:
        """Whether it lives; fails with what it said where it ended by itself."""
        assert self.process is not None
        code = self.process.poll()
        assert code is None, f"{self.name} ended with {code}: {self.log.read_text()[-4_000:]}"
        return True

    def kill(self) -> None:
        """As if its machine lost power: it and all that it started are gone at once."""
        if self.process is None:
            return
        family = [self.process.pid, *_descendants(self.process.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        self.process = None


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _descendants(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
