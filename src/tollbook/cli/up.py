"""``tollbook up``: the ledger, the web server, the worker and beat in one process tree."""

import http.client
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import click

from tollbook.cli.book import home_folder, opened_book
from tollbook.cli.migrating import migrate_book
from tollbook.cli.output import INTERRUPTED, talk
from tollbook.cli.serving import DEFAULT_PORT, READY_FILE
from tollbook.cli.supervisor import Child, StopAsked, Supervisor, cut_log, stop_on_signals
from tollbook.config.embedded_postgres import EmbeddedPostgres
from tollbook.config.embedded_postgres.programs import program_environment
from tollbook.config.embedded_postgres.server import STOP_STEPS
from tollbook.config.embedded_postgres.url import HOST, port_is_free
from tollbook.config.locks import note_holder, read_holder, release_lock, take_lock
from tollbook.config.processes import tied_command
from tollbook.kernel.errors import Conflict, Unavailable
from tollbook.storage.folders import make_private

_PORTS_TRIED: Final = 100
_BACKLOG: Final = 1024
_OTHERS_SECONDS: Final = 20
_LAST_WORDS_SECONDS: Final = 2


def port_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--port``, which is taken as it is where it is named and else may move to a free one."""
    return click.option(
        "--port",
        type=click.IntRange(1, 65535),
        envvar="TOLLBOOK_PORT",
        help=f"Port of the web server; else {DEFAULT_PORT} or the next free one.  [TOLLBOOK_PORT]",
    )(command)


def with_parent_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--with-parent``, for programs that start this one and may be killed."""
    return click.option(
        "--with-parent", is_flag=True, help="Stop when the program that started this one is gone."
    )(command)


@click.command("up", short_help="Run everything in one process tree")
@port_option
@with_parent_option
def command(port: int | None, with_parent: bool) -> None:
    """Run everything in one process tree, until Ctrl-C: ledger, web server, worker and beat."""
    run_everything(port=port, with_parent=with_parent)


def run_everything(
    *,
    port: int | None,
    once: bool = False,
    with_parent: bool = False,
    on_book: Callable[[], None] | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Start all parts, call the hooks, and stay until a signal asks to stop (or end, if ``once``).

    ``on_book`` is called when the tables are there and nothing else runs yet; ``on_ready`` with the
    base URL when everything answers. Both run beside the watch over the parts, Django ready.
    """
    home = home_folder()
    parent = os.getppid() if with_parent else None
    with _only_one(home) as note, stop_on_signals():
        if port is not None and not port_is_free(port):
            raise _taken(port)
        tree = _Tree(home, parent)
        try:
            with tree.running_ledger():
                if on_book is not None:
                    tree.call(on_book)
                base_url = tree.start_parts(port)
                note(base_url)
                if on_ready is not None:
                    tree.call(partial(on_ready, base_url))
                if not once:
                    tree.stay("" if on_ready else _ready_text(base_url))
        except StopAsked:
            if not tree.may_stop:
                raise click.exceptions.Exit(INTERRUPTED) from None


class _Tree:
    """All parts of one home; ``may_stop`` once a stop is no failure any more."""

    def __init__(self, home: Path, parent: int | None) -> None:
        self.may_stop = False
        self._home = home
        self._parent = parent
        self._supervisor = Supervisor(logs=home / "logs", say=_say)
        self._hook: threading.Thread | None = None
        self._listener: socket.socket | None = None

    @contextmanager
    def running_ledger(self) -> Iterator[None]:
        """The database with all tables, Django ready; at the end every part is stopped."""
        server = None if os.environ.get("DATABASE_URL") else EmbeddedPostgres(self._home)
        try:
            if server is not None:
                self._start_server(server)
            with opened_book():
                migrate_book()
                yield
        finally:
            self._stop(server)

    def start_parts(self, port: int | None) -> str:
        """Start web, worker and beat; returns the base URL when all of them are ready.

        The port is held here: nobody can take it, and requests wait while web is started again.
        """
        self._listener = _listen(port)
        number = self._listener.fileno()
        chosen: int = self._listener.getsockname()[1]
        web = _ours("web", "--listener", str(number))
        self._supervisor.start(
            Child("web", web, partial(_answers, chosen), passed_files=(number,)),
            self._child_with_note("worker"),
            self._child_with_note("beat"),
        )
        return f"http://{HOST}:{chosen}"

    def call(self, hook: Callable[[], None]) -> None:
        """Run ``hook`` in a thread of its own while the parts are watched; its error comes out."""
        running = _Running(hook)
        running.start()
        self._hook = running
        self._supervisor.watch(until=lambda: self._orphaned() or not running.is_alive())
        if running.is_alive():
            raise StopAsked
        if running.error is not None:
            raise running.error

    def stay(self, announcement: str) -> None:
        """Watch over the parts until a signal comes, or the parent is gone."""
        self.may_stop = True
        if announcement:
            _say(announcement)
        self._supervisor.watch(until=self._orphaned)

    def _start_server(self, server: EmbeddedPostgres) -> None:
        if not server.claim(seconds=_OTHERS_SECONDS):
            raise Conflict(
                f"process {server.holder()} uses the database of {self._home}: wait for its end"
            )
        cut_log(server.log)
        server.start()
        child = Child(
            "postgres",
            server.command(),
            server.is_running,
            environment=program_environment(),
            stop_steps=STOP_STEPS,
        )
        self._supervisor.adopt(child, server.process)

    def _stop(self, server: EmbeddedPostgres | None) -> None:
        """Stop every part; a hook that was interrupted may then still put the terminal in order."""
        self._supervisor.stop()
        if self._listener is not None:
            self._listener.close()
        if server is not None:
            server.stop()
        if self._hook is not None:
            self._hook.join(_LAST_WORDS_SECONDS)

    def _child_with_note(self, name: str) -> Child:
        ready = self._home / "logs" / f"{name}.ready"
        ready.unlink(missing_ok=True)
        return Child(name, _ours(name), ready.exists, {**os.environ, READY_FILE: str(ready)})

    def _orphaned(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent


class _Running(threading.Thread):
    """A call in a thread, and the error that it ended with."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__(name="hook", daemon=True)
        self._call = call
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001  raised again by whoever waits
            self.error = error


@contextmanager
def _only_one(home: Path) -> Iterator[Callable[[str], None]]:
    """Hold the home for this process tree; yields what notes its address for a second one."""
    lock_file = home / "lock"
    try:
        make_private(home / "logs")
        lock = take_lock(lock_file)
    except OSError as error:
        raise Unavailable(
            f"the home folder {home} cannot be used: {error.strerror}; set TOLLBOOK_HOME to another"
        ) from error
    if lock is None:
        raise Conflict(
            f"Tollbook runs on {home} already: {read_holder(lock_file)}; "
            "stop it, or set TOLLBOOK_HOME to another folder"
        )
    note_holder(lock, f"process {os.getpid()}")
    try:
        yield lambda base_url: note_holder(lock, f"process {os.getpid()} at {base_url}")
    finally:
        release_lock(lock)


def _listen(named: int | None) -> socket.socket:
    """A socket that listens on the named port, or on the usual one or the next that is free."""
    ports = range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED) if named is None else [named]
    for port in ports:
        try:
            listener = socket.create_server((HOST, port), backlog=_BACKLOG)
        except OSError:
            continue
        if port != ports[0]:
            _say(f"Port {DEFAULT_PORT} is taken, so the web server listens on {port}")
        return listener
    raise _taken(ports[0])


def _taken(port: int) -> Conflict:
    return Conflict(f"port {port} is taken: stop who listens there, or name another with --port")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _ours(*words: str) -> list[str]:
    return tied_command([sys.executable, "-m", "tollbook", *words])


def _ready_text(base_url: str) -> str:
    return f"Tollbook is ready at {base_url} (its pages: {base_url}/docs); Ctrl-C stops it"


def _say(text: str) -> None:
    talk().print(text, markup=False)
