"""Starts, watches and stops the embedded server of one home folder."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg

from tollbook.config.embedded_postgres.cluster import change_password, check_version, create_cluster
from tollbook.config.embedded_postgres.orphan import clear_orphan
from tollbook.config.embedded_postgres.owner import give_to, server_owner
from tollbook.config.embedded_postgres.programs import postgres_program, program_environment
from tollbook.config.embedded_postgres.url import (
    HOST,
    ServerUrl,
    embedded_database_url,
    new_url,
    read_url,
    with_free_port,
    write_url,
)
from tollbook.config.locks import (
    note_holder,
    read_holder,
    release_lock,
    shared_lock,
    take_lock,
    wait_until_unshared,
)
from tollbook.config.processes import tied_command
from tollbook.kernel.errors import Unavailable
from tollbook.storage.folders import make_private

START_SECONDS: Final = 120
"""A server that was killed may have much to recover."""

STOP_STEPS: Final = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 10.0))
"""Fast, then immediate: PostgreSQL 18 never ends a fast shutdown that it is asked for in recovery.

Neither loses a committed row; the second leaves recovery to the next start.
"""

_PASSING: Final = ("could not bind", "still in use", "is another postmaster")
_SMALL_SHARED_MEMORY: Final = 1 << 30


class EmbeddedPostgres:
    """The server of one home folder; one process at a time may own it."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self._folder = self.home / "postgres"
        self._data = self._folder / "data"
        self._owner = "self"
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say."""
        return self.home / "logs" / "postgres.log"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The server started here."""
        if self._process is None:
            raise Unavailable("the embedded PostgreSQL was not started here")
        return self._process

    def claim(self, *, seconds: float = 0) -> bool:
        """Become the owner of the server; False where another still is after ``seconds``."""
        deadline = time.monotonic() + seconds
        with _named_trouble(self.home):
            make_folders(self.home, self._folder, self.log.parent)
            while (lock := take_lock(self._folder / "lock")) is None:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.05)
            self._lock = lock
            note_holder(lock, str(os.getpid()))
        return True

    def holder(self) -> str:
        """The number of the process that owns the server."""
        return read_holder(self._folder / "lock") or "unknown"

    def prepare(self) -> str:
        """Make everything that a start needs, as the owner; returns the address."""
        with _named_trouble(self.home):
            return str(self._prepare())

    def command(self) -> list[str]:
        """What runs the server in the foreground, for as long as this process lives."""
        url = read_url(self.home)
        if url is None:
            raise Unavailable(f"the embedded PostgreSQL of {self.home} is not prepared")
        options = [f"listen_addresses={HOST}", f"port={url.port}", "unix_socket_directories="]
        if _shared_memory_is_small():
            options.append("dynamic_shared_memory_type=mmap")
        server = [str(postgres_program("postgres")), "-D", str(self._data)]
        server += [word for option in options for word in ("-c", option)]
        return tied_command(server, death_signal=signal.SIGQUIT, owner=self._owner)

    def start(self) -> str:
        """Start the server as its owner and wait until it answers; returns the address."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            address = self.prepare()
            begin = self.log.stat().st_size if self.log.exists() else 0
            with _named_trouble(self.home), self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.command(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=program_environment(),
                    process_group=0,
                )
            if self._wait_for_answer(self._process, deadline):
                return address
            self._check_passing(begin, deadline)
            time.sleep(0.2)

    def stop(self) -> None:
        """Fast shutdown: sessions end, everything is on disk; then give up the ownership."""
        if self._process is not None:
            _stop(self._process)
            self._process = None
        if self._lock is not None:
            release_lock(self._lock)
            self._lock = None

    def is_running(self) -> bool:
        """Whether the server answers to the password written down."""
        address = embedded_database_url(self.home)
        if address is None:
            return False
        try:
            psycopg.connect(address, connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare(self) -> ServerUrl:
        self._owner = server_owner(self._data)
        url = read_url(self.home)
        if not self._data.exists():
            url = new_url()
            write_url(self.home, url)
            self._open_folder()
            create_cluster(self._data, owner=self._owner, password=url.password)
            return url
        check_version(self._data)
        self._open_folder()
        give_to(self._owner, self._data)
        clear_orphan(self._data)
        kept = url
        if url is None:
            url = new_url()
            change_password(self._data, owner=self._owner, password=url.password)
        url = with_free_port(url)
        if url != kept:
            write_url(self.home, url)
        return url

    def _open_folder(self) -> None:
        """Another user's server must be able to pass through our own folder; it cannot read it."""
        self._folder.chmod(0o711 if self._owner.isdigit() else 0o700)

    def _wait_for_answer(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        while process.poll() is None:
            if self.is_running():
                return True
            if time.monotonic() > deadline:
                _stop(process)
            time.sleep(0.02)
        return False

    def _check_passing(self, begin: int, deadline: float) -> None:
        said = self.log.read_bytes()[begin:].decode(errors="replace").strip()
        if time.monotonic() > deadline or not any(passing in said for passing in _PASSING):
            reason = next((line for line in said.splitlines() if "FATAL:" in line), said[-300:])
            raise Unavailable(f"the embedded PostgreSQL does not start: {reason} (see {self.log})")


@contextmanager
def running_embedded_postgres(home: Path) -> Iterator[str]:
    """The address of the running server of ``home``; runs it for the block if nobody does."""
    server = EmbeddedPostgres(home)
    users = server.home / "postgres" / "users"
    deadline = time.monotonic() + START_SECONDS
    while not server.claim():
        with shared_lock(users):
            address = embedded_database_url(server.home)
            if address is not None and server.is_running():
                yield address
                return
        if time.monotonic() > deadline:
            raise Unavailable(f"process {server.holder()} holds PostgreSQL and it does not answer")
        time.sleep(0.05)
    try:
        address = server.start()
        try:
            yield address
        finally:
            wait_until_unshared(users)
    finally:
        server.stop()


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number, seconds in (*STOP_STEPS, (signal.SIGKILL, 10.0)):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return


def make_folders(*folders: Path) -> None:
    """Make private folders that can be written to; ``OSError`` where that cannot be."""
    for folder in folders:
        make_private(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def _named_trouble(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unavailable(
            f"the home folder {home} cannot be used: {reason}; set TOLLBOOK_HOME to another"
        ) from error


def _shared_memory_is_small() -> bool:
    """Containers often have 64 MB of it, which parallel queries fill."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108
    except OSError:
        return False
    return found.f_blocks * found.f_frsize < _SMALL_SHARED_MEMORY
