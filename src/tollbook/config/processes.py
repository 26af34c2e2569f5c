"""Ties processes together, so that none outlives the one that it works for."""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tollbook.config import launch

_LOOK_SECONDS: Final = 0.2


def tied_command(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    owner: str = "self",
) -> list[str]:
    """``command`` so that it is sent ``death_signal`` when the thread that starts it is gone.

    ``owner`` is who runs it, see ``launch``. Start it from the main thread of this process.
    """
    life = (str(os.getpid()), str(int(death_signal)), owner)
    return [sys.executable, "-I", "-S", launch.__file__, *life, *map(str, command)]


def die_with_parent(parent: int | None = None) -> None:
    """End this process at once when its parent is gone; call it first thing after a fork.

    Pass ``parent`` where it is known from before the fork: it may have died since.

    A thread that looks, and no ``PR_SET_PDEATHSIG``: Celery replaces pool children from a thread,
    whose regular end would kill them in the middle of a task.
    """
    watched = os.getppid() if parent is None else parent
    threading.Thread(target=_look, args=(watched,), name="parent", daemon=True).start()


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
