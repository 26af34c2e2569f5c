"""How long a test waits before it gives up: long enough where ten other things are done."""

import time
from collections.abc import Callable

PATIENCE = 10
"""Times the seconds that a wait takes at most on a machine that does nothing else."""


def until(holds: Callable[[], bool], *, seconds: float = 20, every: float = 0.02) -> float:
    """Wait till ``holds``, ``seconds`` times ``PATIENCE`` at most; how many seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds * PATIENCE, f"not within {seconds} s"
        time.sleep(every)
    return time.monotonic() - began
