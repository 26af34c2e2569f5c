"""The whole of Tollbook in processes of its own, started as a user starts it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.loaded_book import LoadedBook
from tests.patience import PATIENCE, until

ROOT: Final = Path(__file__).parents[2]
_STANDING: Final = "Ctrl-C stops everything"


@dataclass(frozen=True)
class House:
    """One home folder with its addresses; embedded parts, or those that the tests were given."""

    home: Path
    port: int
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where its server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """The key that the demo made."""
        return (self.home / "demo-key").read_text().strip()

    def tollbook(
        self, *arguments: str, key: str | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; ``more`` are variables of its environment."""
        variables = {"TOLLBOOK_URL": self.url} | ({"TOLLBOOK_KEY": key} if key else {})
        return subprocess.run(
            [sys.executable, "-m", "tollbook", *arguments],
            env={**self.environment, **variables, **more},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=180 * PATIENCE,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it."""
        return subprocess.Popen(
            [sys.executable, "-m", "tollbook", *arguments],
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def processes(self) -> list[psutil.Process]:
        """All processes that belong to it."""
        mark = f"TOLLBOOK_HOME={self.home}"
        return [one for one in psutil.process_iter() if mark in _environment_of(one)]


def new_house(folder: Path, database_url: str) -> House:
    """A house in an empty folder, on a port that is free now.

    ``database_url`` is used where the tests were given a PostgreSQL; else its own is embedded.
    """
    given = os.environ["TOLLBOOK_TEST_LEDGER"] == "given"
    return _house(folder, database_url if given else "")


@contextmanager
def house_with(book: LoadedBook, folder: Path) -> Iterator[House]:
    """A house in an empty folder whose PostgreSQL is not its own and holds the demo book."""
    with book.copy() as url:
        house = _house(folder, url)
        book.copy_files_to(house.home)
        yield house


def _house(folder: Path, database_url: str) -> House:
    home = folder / "home"
    home.mkdir()
    port = _free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "TOLLBOOK_HOME": str(home),
        "TOLLBOOK_PORT": str(port),
        "DATABASE_URL": database_url,
        "TOLLBOOK_QUEUE": f"test_{secrets.token_hex(4)}",
    }
    for name in ("TOLLBOOK_URL", "TOLLBOOK_KEY"):
        environment.pop(name, None)
    return House(home, port, environment)


@contextmanager
def running_demo(house: House) -> Iterator[House]:
    """``tollbook demo`` for the block, from when its main job is done."""
    with house.start("demo") as demo:
        try:
            told = list(_until_standing(demo))
            assert demo.poll() is None, "".join(told)
            yield house
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=600)


def wait_until_gone(house: House, *, seconds: float = 10) -> None:
    """Return when nothing of it runs any more."""
    until(lambda: not house.processes(), seconds=seconds, every=0.1)


def _until_standing(demo: subprocess.Popen[str]) -> Iterator[str]:
    assert demo.stdout is not None
    for line in demo.stdout:
        yield line
        if _STANDING in line:
            return


def _environment_of(process: psutil.Process) -> list[str]:
    try:
        return [f"{name}={value}" for name, value in process.environ().items()]
    except psutil.Error:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
