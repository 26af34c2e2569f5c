"""The command as a user runs it: in a process of its own, on a home of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil

from tests.patience import PATIENCE

_OURS: Final = ("DATABASE_URL", "BROKER_URL", "STORAGE_URL", "ENGINE_URL", "DJANGO_SETTINGS_MODULE")


def run_tollbook(
    home: Path, *words: str, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, on embedded parts unless ``more`` names others."""
    return subprocess.run(
        [sys.executable, "-m", "tollbook", *words],
        env=environment(home, more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120 * PATIENCE,
    )


def start_tollbook(
    home: Path, *words: str, more: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a command that stays; what it says comes from its standard error."""
    return subprocess.Popen(
        [sys.executable, "-m", "tollbook", *words],
        env=environment(home, more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a process that knows nothing of the test's own ledger."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _OURS and not name.startswith("TOLLBOOK_")
    }
    path = {"PYTHONPATH": os.pathsep.join(sys.path), "TOLLBOOK_HOME": str(home)}
    return {**kept, **path, **(more or {})}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; one that nobody has buried counts as ended."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
