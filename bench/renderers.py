"""Finished result → file, by our renderers and by what else there is, each in a fresh process.

``measure(rows)`` gives the figures; ``python -m bench.renderers ROWS`` prints them. The bytes are
thrown away, so that no disk is measured. All read the same Parquet file of twenty columns.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from bench import figures, memory
from bench.peers.results import OURS, WAYS, Way
from bench.results import write_result
from bench.section import Section, print_section

_REPEATS: Final = 3
_HEADERS: Final = ("way", "rows", "rows/s", "MB/s", "peak memory", "first bytes", "Tollbook is")


@dataclass(frozen=True)
class Row:
    """What one way took: the medians of its runs; ``times`` is how much faster ours was."""

    output: str
    label: str
    rows: int
    seconds: float
    bytes: int
    memory: int
    first: float
    times: float


@dataclass(frozen=True)
class _Run:
    seconds: float
    bytes: int
    memory: int
    first: float


def measure(rows: int, *, repeats: int = _REPEATS) -> list[Row]:
    """Every way over a result of ``rows`` rows, the slow ones over its first rows.

    They run in turns, so that a noisy minute is shared.
    """
    with TemporaryDirectory(prefix="tollbook-bench-") as folder:
        path = Path(folder) / "result.parquet"
        write_result(path, rows)
        runs: dict[str, list[_Run]] = {way.code: [] for way in WAYS}
        for _ in range(repeats):
            for way in WAYS:
                runs[way.code].append(_run(way, path))
    medians = {code: _median(done) for code, done in runs.items()}
    found = []
    for way in WAYS:
        run, done = medians[way.code], min(rows, way.limit)
        ours = rows / medians[OURS[way.output]].seconds
        found.append(
            Row(
                way.output,
                way.label,
                done,
                run.seconds,
                run.bytes,
                run.memory,
                run.first,
                times=ours / (done / run.seconds),
            )
        )
    return found


def section(rows: int, *, repeats: int = _REPEATS) -> Section:
    """The figures as a table."""
    return Section(
        title=f"Result file to download, {rows:,} rows × 20 columns",
        headers=_HEADERS,
        rows=[_line(row) for row in measure(rows, repeats=repeats)],
        notes=(
            "From one Parquet file to bytes that are thrown away.",
            "Memory: the peak of a fresh process above what it held after its imports.",
            f"Medians of {repeats} runs in turn; slow ways are measured over the first rows only.",
        ),
    )


def _run(way: Way, path: Path) -> _Run:
    command = [sys.executable, "-m", "bench.renderers", way.code, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return _Run(**json.loads(ended.stdout))


def _median(runs: Sequence[_Run]) -> _Run:
    return _Run(
        seconds=statistics.median(run.seconds for run in runs),
        bytes=runs[0].bytes,
        memory=int(statistics.median(run.memory for run in runs)),
        first=statistics.median(run.first for run in runs),
    )


def _line(row: Row) -> list[str]:
    ours = row.label.startswith("Tollbook")
    return [
        f"{row.label} → {row.output.upper()}",
        f"{row.rows:,}",
        figures.rate(row.rows, row.seconds),
        figures.megabytes_a_second(row.bytes, row.seconds) if row.bytes else "—",
        figures.megabytes(row.memory),
        figures.milliseconds(row.first),
        "" if ours else f"{figures.times(row.times)} as fast",
    ]


def _alone(code: str, path: Path) -> None:
    """Run one way in this process and print what it took as JSON."""
    way = next(way for way in WAYS if way.code == code)
    baseline = memory.resident_now()
    memory.forget_peak()
    began = time.perf_counter()
    first, size = 0.0, 0
    for written in way.write(path, way.limit):
        size += written
        first = first or time.perf_counter() - began
    seconds = time.perf_counter() - began
    above = max(0, memory.peak() - baseline)
    print(json.dumps({"seconds": seconds, "bytes": size, "memory": above, "first": first}))


def _main(arguments: Sequence[str]) -> None:
    if len(arguments) == 2:
        _alone(arguments[0], Path(arguments[1]))
        return
    console = Console(width=None if sys.stdout.isatty() else 130)
    for rows in arguments or ["1000000"]:
        print_section(console, section(int(rows)))


if __name__ == "__main__":
    _main(sys.argv[1:])
