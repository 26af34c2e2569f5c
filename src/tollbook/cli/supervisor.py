"""Runs programs as one tree: started in order, started again when they die, stopped in reverse.

What is started together is stopped together.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from tollbook.kernel.errors import Unavailable

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_LOOK_SECONDS: Final = 0.05
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_HEALTHY_SECONDS: Final = 30.0
_LARGEST_LOG: Final = 10_000_000
_LOGS_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Child:
    """One program of the tree; ``command`` ends by itself when the supervisor is gone."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ready_seconds: float = 180
    """A start on a machine with ten other things to do is slow, not broken."""
    passed_files: Sequence[int] = ()
    """Open files of this process that the child gets under the same numbers."""
    stop_steps: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10.0),)
    """Signals, and how many seconds each is given; then it is killed."""


class StopAsked(BaseException):
    """A signal asked the tree to stop; not an error."""


@dataclass
class _Run:
    """One child at work, or waiting to be started again."""

    child: Child
    group: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    start_again: float = 0.0


class Supervisor:
    """The running tree; use it from the main thread, whose end ends the children."""

    def __init__(self, *, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._runs: list[_Run] = []
        self._groups = 0
        self._logs_looked_at = 0.0

    def log_of(self, child: Child) -> Path:
        """Where ``child`` writes."""
        return self._logs / f"{child.name}.log"

    def start(self, *children: Child) -> None:
        """Start ``children`` as a group and return when all are ready; no second try here."""
        self._groups += 1
        fresh = [_Run(child, self._groups) for child in children]
        for run in fresh:
            cut_log(self.log_of(run.child))
            self._runs.append(run)
            self._spawn(run)
        for run in fresh:
            self._wait_until_ready(run)

    def adopt(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """Take over a child that was started and is ready, as a group of its own."""
        self._groups += 1
        self._runs.append(_Run(child, self._groups, process, time.monotonic()))

    def watch(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Keep all of them running until ``until`` holds, or a signal raises ``StopAsked``."""
        while not until():
            self.look()
            time.sleep(_LOOK_SECONDS)

    def look(self) -> None:
        """Notice the dead and start again whose pause is over; keep the logs small."""
        now = time.monotonic()
        if now - self._logs_looked_at > _LOGS_SECONDS:
            self._logs_looked_at = now
            for run in self._runs:
                roll_log(self.log_of(run.child))
        for run in self._runs:
            if run.process is not None and run.process.poll() is not None:
                self._bury(run, now)
            if run.process is None and now >= run.start_again:
                self._spawn(run)

    def stop(self) -> None:
        """Stop group by group in reverse, gently and then not; nothing of the tree is left."""
        for group in range(self._groups, 0, -1):
            _stop_together([run for run in self._runs if run.group == group])
        self._runs.clear()

    def pids(self) -> dict[str, int]:
        """The process of every child that runs now."""
        return {run.child.name: run.process.pid for run in self._runs if run.process is not None}

    def _spawn(self, run: _Run) -> None:
        with self.log_of(run.child).open("ab") as log:
            run.process = subprocess.Popen(
                run.child.command,
                env=run.child.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                pass_fds=run.child.passed_files,
            )
        run.started = time.monotonic()

    def _wait_until_ready(self, run: _Run) -> None:
        deadline = run.started + run.child.ready_seconds
        while not run.child.ready():
            if run.process is None or run.process.poll() is not None:
                raise Unavailable(f"{run.child.name} does not start: {self._last_line(run.child)}")
            if time.monotonic() > deadline:
                seconds = f"{run.child.ready_seconds:g} s"
                raise Unavailable(
                    f"{run.child.name} is not ready after {seconds}: see {self.log_of(run.child)}"
                )
            time.sleep(_LOOK_SECONDS)

    def _bury(self, run: _Run, now: float) -> None:
        """End what the dead one left behind and fix when it is started again."""
        process = run.process
        if process is None:
            return
        _kill_group(process.pid)
        run.process = None
        if now - run.started > _HEALTHY_SECONDS:
            run.pause = _FIRST_PAUSE
        run.start_again = now + run.pause
        run.pause = min(run.pause * 2, _LONGEST_PAUSE)
        self._say(
            f"{run.child.name} ended ({_reason(process.returncode)}) and is started again; "
            f"see {self.log_of(run.child)}"
        )

    def _last_line(self, child: Child) -> str:
        lines = self.log_of(child).read_text(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'it said nothing'} (see {self.log_of(child)})"


def cut_log(log: Path) -> None:
    """Set a log that has grown large, and that nobody writes, in the place of the one before."""
    if _is_large(log):
        log.replace(_one_before(log))


def roll_log(log: Path) -> None:
    """The same for a log that is being written: what comes during the copy of it is lost.

    Who writes has opened it to append, so goes on at its new end. Without room for a copy it goes.
    """
    if not _is_large(log):
        return
    with suppress(OSError):
        shutil.copyfile(log, _one_before(log))
    os.truncate(log, 0)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn the first signal that asks to stop into ``StopAsked``; the ones after it are ignored.

    A hang-up that is ignored already (``nohup``) stays so.
    """
    unwanted = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else set()
    wanted = set(STOP_SIGNALS) - unwanted
    before = {number: signal.signal(number, _ask_to_stop) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_large(log: Path) -> bool:
    return log.exists() and log.stat().st_size > _LARGEST_LOG


def _one_before(log: Path) -> Path:
    return log.with_suffix(".log.1")


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopAsked


def _stop_together(runs: Sequence[_Run]) -> None:
    """Ask all of them first, then wait for each."""
    alive = [(run.process, run.child.stop_steps) for run in runs if run.process is not None]
    for process, steps in alive:
        process.send_signal(steps[0][0])
    for process, steps in alive:
        _wait_for_end(process, steps)
        _kill_group(process.pid)


def _wait_for_end(
    process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]
) -> None:
    following = [number for number, _ in steps[1:]] + [signal.SIGKILL]
    for (_, seconds), harder in zip(steps, following, strict=True):
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
        process.send_signal(harder)
    process.wait()


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _reason(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
