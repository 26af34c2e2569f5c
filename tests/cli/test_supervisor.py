"""The supervisor with real processes: order, restarts, stops, and what a kill -9 leaves behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.patience import PATIENCE, until
from tollbook.cli.supervisor import Child, StopAsked, Supervisor, stop_on_signals
from tollbook.config.processes import tied_command
from tollbook.kernel.errors import Unavailable

WITH_GRANDCHILD = "sleep 600 & echo $! > {file}; echo at work; exec sleep 600"
STUBBORN = "trap '' TERM; echo $$ > {file}; while true; do sleep 0.05; done"

TREE = """
import sys
from pathlib import Path
from tollbook.cli.supervisor import Child, StopAsked, Supervisor, stop_on_signals
from tollbook.config.processes import tied_command
folder = Path(sys.argv[1])
tree = Supervisor(logs=folder, say=print)
def child(name):
    return Child(name, tied_command(["/bin/sleep", "600"]), lambda: True)
with stop_on_signals():
    try:
        tree.start(child("first"), child("second"))
        print(*tree.pids().values(), flush=True)
        tree.watch()
    except StopAsked:
        tree.stop()
        print("stopped", flush=True)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def tree(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(logs=tmp_path, say=said.append)
    yield supervisor
    supervisor.stop()


def test_a_child_that_is_killed_is_started_again_and_leaves_no_grandchild(
    tree: Supervisor, tmp_path: Path, said: list[str]
) -> None:
    note = tmp_path / "grandchild"
    tree.start(_shell("worker", WITH_GRANDCHILD, note))
    first, grandchild = tree.pids()["worker"], int(note.read_text())
    os.kill(first, signal.SIGKILL)
    tree.watch(until=lambda: tree.pids().get("worker", first) != first)
    assert psutil.pid_exists(tree.pids()["worker"])
    until(lambda: _is_gone(grandchild))
    assert said[0].startswith("worker ended (SIGKILL) and is started again; see ")


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(
    tree: Supervisor, said: list[str]
) -> None:
    tree.start(Child("worker", tied_command(["/bin/false"]), lambda: True))
    begin = time.monotonic()
    tree.watch(until=lambda: time.monotonic() - begin > 2.5)
    assert 2 <= len(said) <= 5


def test_a_child_that_never_gets_ready_is_named_with_its_last_line(tree: Supervisor) -> None:
    broken = tied_command(["/bin/sh", "-c", "echo first; echo 'no such table' >&2; exit 3"])
    with pytest.raises(Unavailable, match=r"web does not start: no such table \(see .*web\.log\)"):
        tree.start(Child("web", broken, lambda: False))


def test_a_child_that_hangs_before_it_is_ready_is_given_up(tree: Supervisor) -> None:
    silent = Child("web", tied_command(["/bin/sleep", "600"]), lambda: False, ready_seconds=0.3)
    with pytest.raises(Unavailable, match=r"web is not ready after 0\.3 s"):
        tree.start(silent)


def test_children_stop_in_reverse_order_and_with_their_own_signal(
    tree: Supervisor, tmp_path: Path
) -> None:
    order = tmp_path / "order"
    for name, number in (("first", signal.SIGINT), ("second", signal.SIGTERM)):
        trap = f"trap 'echo {name} >> {order}; exit 0' {number.name[3:]}; touch {tmp_path}/{name}"
        script = tied_command(["/bin/sh", "-c", f"{trap}; while true; do sleep 0.02; done"])
        tree.start(Child(name, script, (tmp_path / name).exists, stop_steps=[(number, 10)]))
    tree.stop()
    assert order.read_text().split() == ["second", "first"]


def test_a_child_that_will_not_stop_is_killed(tree: Supervisor, tmp_path: Path) -> None:
    note = tmp_path / "stubborn"
    tree.start(_shell("worker", STUBBORN, note, stop_seconds=0.3))
    stubborn = tree.pids()["worker"]
    tree.stop()
    assert _is_gone(stubborn)


def test_a_child_that_ignores_one_signal_is_sent_the_next(tree: Supervisor, tmp_path: Path) -> None:
    note, ended = tmp_path / "stubborn", tmp_path / "ended"
    script = f"trap '' TERM; trap 'touch {ended}; exit' QUIT; touch {note}"
    command = tied_command(["/bin/sh", "-c", f"{script}; while true; do sleep 0.05; done"])
    steps = [(signal.SIGTERM, 0.3), (signal.SIGQUIT, 10.0)]
    tree.start(Child("worker", command, note.exists, stop_steps=steps))
    tree.stop()
    assert ended.exists()


def test_a_log_that_grew_large_is_set_aside_at_the_next_start(
    tree: Supervisor, tmp_path: Path
) -> None:
    (tmp_path / "web.log").write_bytes(b"x" * 11_000_000)
    tree.start(Child("web", tied_command(["/bin/sleep", "600"]), lambda: True))
    assert (tmp_path / "web.log").stat().st_size == 0
    assert (tmp_path / "web.log.1").stat().st_size == 11_000_000


def test_a_log_that_grows_large_is_set_aside_while_its_child_goes_on_writing(
    tree: Supervisor, tmp_path: Path
) -> None:
    log, before = tmp_path / "web.log", tmp_path / "web.log.1"
    script = "head -c 11000000 /dev/zero; while sleep 0.05; do echo at work; done"
    tree.start(Child("web", tied_command(["/bin/sh", "-c", script]), lambda: True))
    began = time.monotonic()
    tree.watch(until=lambda: before.exists() or time.monotonic() - began > 10 * PATIENCE)
    assert before.stat().st_size >= 11_000_000
    until(lambda: log.read_text().startswith("at work\nat work\n"))
    assert "\0" not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_whole_tree(tmp_path: Path, number: signal.Signals) -> None:
    with _running_tree(tmp_path) as top:
        children = _announced(top)
        top.send_signal(number)
        output, _ = top.communicate()
    assert output == "stopped\n"
    assert all(_is_gone(pid) for pid in children)


def test_killing_the_top_ends_the_whole_tree(tmp_path: Path) -> None:
    with _running_tree(tmp_path) as top:
        children = _announced(top)
        top.kill()
    until(lambda: all(_is_gone(pid) for pid in children))


def test_only_the_first_signal_interrupts() -> None:
    with stop_on_signals():
        with pytest.raises(StopAsked):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_watcher_for_systems_without_prctl_ends_the_program_too(tmp_path: Path) -> None:
    note = tmp_path / "program"
    script = f"echo $$ > {note}; exec sleep 600"
    watch = (
        "import sys; from tollbook.config import launch; launch.ON_LINUX = False; "
        "import os; sys.exit(launch.main([str(os.getppid()), '15', 'self', '/bin/sh', '-c', "
        f"{script!r}]))"
    )
    starter = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {watch!r}])"
    with subprocess.Popen([sys.executable, "-c", starter], env=_environment()) as top:
        until(lambda: note.exists() and note.read_text().strip() != "")
        program = int(note.read_text())
        top.kill()
    until(lambda: _is_gone(program))


def _shell(name: str, script: str, note: Path, *, stop_seconds: float = 10) -> Child:
    command = tied_command(["/bin/sh", "-c", script.format(file=note)])
    ready = lambda: note.exists() and note.read_text().strip() != ""  # noqa: E731
    return Child(name, command, ready, stop_steps=[(signal.SIGTERM, stop_seconds)])


def _running_tree(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", TREE, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment())


def _announced(top: subprocess.Popen[str]) -> list[int]:
    assert top.stdout is not None
    return [int(word) for word in top.stdout.readline().split()]


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
