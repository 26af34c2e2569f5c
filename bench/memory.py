"""Peak resident memory: of this process, and of every process of a tree."""

import resource
import sys
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")


def resident_now() -> int:
    """Bytes resident now; where the kernel does not say, the peak so far."""
    return _of_status("VmRSS") or _peak_of_rusage()


def forget_peak() -> None:
    """Let the peak start anew from what is resident now, where the kernel can."""
    if _RESET.exists():
        _RESET.write_text("5")


def peak() -> int:
    """Most bytes ever resident, since :func:`forget_peak` where that works."""
    return _of_status("VmHWM") or _peak_of_rusage()


def peak_of(pid: int) -> int:
    """Most bytes that process ``pid`` ever had resident; 0 where it is gone or nobody says."""
    return _of_status("VmHWM", Path(f"/proc/{pid}/status"))


def _of_status(name: str, status: Path = _STATUS) -> int:
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(found[0]) * 1024 if found else 0


def _peak_of_rusage() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
