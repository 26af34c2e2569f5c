"""A server that outlived its starter, or a note of one that is long gone."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from tollbook.kernel.errors import Unavailable

_STEPS: Final = ((None, 5), (signal.SIGINT, 10), (signal.SIGQUIT, 15))
"""It may be on its way out already; then asked to stop; then told to."""


def clear_orphan(data: Path) -> None:
    """Stop a server that still runs on ``data``, forget one that does not; hold its lock."""
    note = data / "postmaster.pid"
    try:
        pid = int(note.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return
    except ValueError:
        note.unlink()
        return
    for step, seconds in _STEPS:
        if step is not None and _runs_on(pid, data):
            with suppress(ProcessLookupError):
                os.kill(pid, step)
        if _ended(pid, data, seconds):
            note.unlink(missing_ok=True)
            return
    raise Unavailable(f"another PostgreSQL, process {pid}, runs on {data} and does not stop")


def _ended(pid: int, data: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _runs_on(pid, data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _runs_on(pid: int, data: Path) -> bool:
    """A number is reused, so the process must also be a PostgreSQL started on this folder."""
    return str(data) in _command_of(pid)


def _command_of(pid: int) -> str:
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout
