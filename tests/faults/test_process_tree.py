"""``tollbook up`` with real parts: one per home, killed anywhere, stopped, started again."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.commands import environment, free_port, is_gone, run_tollbook, start_tollbook
from tests.patience import PATIENCE, until
from tollbook.config.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.xdist_group("process_tree")

PARTS = ("web", "worker", "beat", "postgres")


@dataclass
class Tree:
    """A running ``tollbook up``."""

    home: Path
    top: subprocess.Popen[str]
    base_url: str

    def part(self, name: str) -> psutil.Process | None:
        """The main process of a part; None while it is being started again."""
        for child in psutil.Process(self.top.pid).children():
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if not command:  # it has just ended
                continue
            running = command[3] if command[1:3] == ["-m", "tollbook"] else Path(command[0]).name
            if running == name:
                return child
        return None

    def everything(self) -> list[psutil.Process]:
        """All processes, the top one first."""
        top = psutil.Process(self.top.pid)
        return [top, *top.children(recursive=True)]

    def is_whole(self) -> bool:
        """Whether every part runs, with its own processes, and the API answers."""
        try:
            parts = {name: self.part(name) for name in PARTS}
            pools = [len(part.children()) for name in ("web", "worker") if (part := parts[name])]
            answer = httpx.get(f"{self.base_url}/healthz", timeout=5)
        except (psutil.Error, httpx.HTTPError):
            return False
        return None not in parts.values() and pools == [2, 2] and answer.status_code == 200


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose tables are made once for all tests here."""
    home = tmp_path_factory.mktemp("tree") / "home"
    made = run_tollbook(home, "migrate")
    assert made.returncode == 0, made.stderr
    return home


@pytest.fixture
def tree(home: Path) -> Iterator[Tree]:
    """All parts at work; nothing of it is left after the test."""
    with started(home) as top:
        tree = Tree(home, top, ready_address(top))
        everything = tree.everything()
        yield tree
        top.kill()
        until(lambda: all(is_gone(process) for process in everything))


@pytest.mark.long
def test_a_second_start_is_ready_soon_and_one_more_is_refused(home: Path) -> None:
    begin = time.monotonic()
    with started(home) as top:
        address = ready_address(top)
        took = time.monotonic() - begin
        second = run_tollbook(home, "up")
        stopped(top)
    assert second.returncode == 1
    refusal = f"Tollbook runs on {home} already: process {top.pid} at {address}; stop it"
    assert second.stderr.startswith(f"tollbook: {refusal}")
    assert second.stderr.count("\n") == 1
    assert took < 5 * PATIENCE


def test_every_part_that_is_killed_comes_back_and_leaves_no_orphan(tree: Tree) -> None:
    for name in PARTS:
        part = tree.part(name)
        assert part is not None
        below = part.children(recursive=True)
        part.kill()
        until(lambda part=part: is_gone(part))  # type: ignore[misc]
        until(tree.is_whole, seconds=60)
        until(lambda below=below: all(is_gone(process) for process in below))  # type: ignore[misc]


@pytest.mark.long
def test_a_request_made_while_the_web_server_is_killed_is_answered(tree: Tree) -> None:
    web = tree.part("web")
    assert web is not None
    for process in (web, *web.children()):
        process.kill()
    assert httpx.get(f"{tree.base_url}/healthz", timeout=60).status_code == 200


@pytest.mark.long
@pytest.mark.parametrize("name", ["web", "worker", "postgres"])
def test_a_process_of_a_part_that_is_killed_is_replaced(tree: Tree, name: str) -> None:
    part = tree.part(name)
    assert part is not None
    child = part.children()[0]
    child.kill()
    until(lambda: is_gone(child))
    until(tree.is_whole, seconds=60)
    assert part.is_running()


@pytest.mark.long
def test_killing_the_top_leaves_nothing_running_and_nothing_broken(home: Path) -> None:
    with started(home) as top:
        tree = Tree(home, top, ready_address(top))
        everything = tree.everything()
        top.kill()
        until(lambda: all(is_gone(process) for process in everything), seconds=10)
    with started(home) as again:
        until(Tree(home, again, ready_address(again)).is_whole, seconds=30)
        stopped(again)


@pytest.mark.long
def test_killing_everything_at_once_leaves_nothing_broken(home: Path) -> None:
    with started(home) as top:
        tree = Tree(home, top, ready_address(top))
        everything = tree.everything()
        for process in everything:
            if not is_gone(process):
                process.kill()
        until(lambda: all(is_gone(process) for process in everything))
    with started(home) as again:
        until(Tree(home, again, ready_address(again)).is_whole, seconds=30)
        stopped(again)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_a_signal_stops_everything_and_that_is_no_failure(
    home: Path, number: signal.Signals
) -> None:
    with started(home) as top:
        tree = Tree(home, top, ready_address(top))
        everything = tree.everything()
        top.send_signal(number)
        assert top.wait(30) == 0
        assert all(is_gone(process) for process in everything)
    assert not EmbeddedPostgres(home).is_running()


@pytest.mark.long
def test_a_signal_before_it_is_ready_stops_everything_too(home: Path) -> None:
    with started(home) as top:
        until(EmbeddedPostgres(home).is_running)
        everything = psutil.Process(top.pid).children(recursive=True)
        top.send_signal(signal.SIGINT)
        assert top.wait(30) == 130
        assert all(is_gone(process) for process in everything)


@pytest.mark.long
def test_it_ends_with_the_program_that_started_it_where_that_is_asked(home: Path) -> None:
    words = [sys.executable, "-m", "tollbook", "up", "--with-parent", "--port", str(free_port())]
    script = f"import subprocess; subprocess.run({words!r})"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, env=environment(home), stderr=subprocess.PIPE, text=True
    ) as starter:
        ready_address(starter)
        everything = psutil.Process(starter.pid).children(recursive=True)
        assert len(everything) > len(PARTS)
        starter.kill()
        until(lambda: all(is_gone(process) for process in everything))


@pytest.mark.long
def test_a_port_that_was_named_and_is_taken_is_named_back(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run_tollbook(home, "up", "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(f"tollbook: port {port} is taken")


@pytest.mark.long
def test_the_usual_port_where_taken_gives_way_to_the_next(home: Path) -> None:
    try:
        taken = socket.create_server(("127.0.0.1", 8080))
    except OSError:  # by another program, which does as well
        taken = socket.socket()
    with taken, started(home, port=None) as top:
        address = ready_address(top)
        stopped(top)
    assert int(address.rpartition(":")[2]) > 8080


@pytest.mark.long
def test_with_a_database_of_ones_own_no_other_is_started(
    tmp_path: Path, fresh_database_url: str
) -> None:
    with started(tmp_path, more={"DATABASE_URL": fresh_database_url}) as top:
        tree = Tree(tmp_path, top, ready_address(top))
        assert tree.part("web") is not None
        assert tree.part("postgres") is None
        stopped(top)
    assert not (tmp_path / "postgres").exists()


@contextmanager
def started(
    home: Path, *, port: int | None = 0, more: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """``tollbook up`` on a free port, or on the usual one; it does not outlive the test."""
    words = () if port is None else ("--port", str(port or free_port()))
    with start_tollbook(home, "up", *words, more=more) as top:
        try:
            yield top
        finally:
            top.kill()


def ready_address(top: subprocess.Popen[str]) -> str:
    """The base URL, once it says that it is ready."""
    assert top.stderr is not None
    said = []
    for line in top.stderr:
        said.append(line)
        if found := re.search(r"ready at (http://[\d.:]+)", line):
            return found[1]
    raise AssertionError(f"it did not get ready: {''.join(said)}")


def stopped(top: subprocess.Popen[str]) -> None:
    """Stop it as Ctrl-C does."""
    top.send_signal(signal.SIGINT)
    assert top.wait(30) == 0
