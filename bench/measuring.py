"""Runs contenders one at a time, each run in a fresh process, and keeps the medians."""

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.contenders import Contender
from bench.span import Span

SHORT_SECONDS: Final = 8
"""A run that takes longer is not repeated."""


@dataclass(frozen=True)
class Measured:
    """The median of some runs: seconds, bytes of memory above the baseline, bytes of the file."""

    seconds: float
    memory: int
    bytes: int
    runs: int


@dataclass(frozen=True)
class LeftOut:
    """Why there is no figure."""

    reason: str


type_of_outcome = Measured | LeftOut


class ContenderFailed(Exception):
    """A contender's process ended with an error."""


def write_once(contender: Contender, span: Span, file: Path) -> Measured:
    """Let the contender write ``file`` in a process of its own."""
    command = [sys.executable, "-m", "bench.alone", contender.code]
    command += [span.start.isoformat(), span.end.isoformat(), str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ContenderFailed(f"{contender.code}:\n{ended.stderr}")
    found = json.loads(ended.stdout.splitlines()[-1])
    return Measured(found["seconds"], found["memory"], found["bytes"], runs=1)


def foretold_reason(
    smaller: Measured, *, times: float, patience: float, spare_memory: float
) -> LeftOut | None:
    """Why a run over ``times`` as many rows as ``smaller`` had is not even begun, if it is not."""
    seconds, memory = smaller.seconds * times, smaller.memory * times
    if seconds > patience:
        return LeftOut(f"left out: would take about {seconds:.0f} s")
    if memory > spare_memory:
        return LeftOut(f"left out: would take about {memory / 1e9:.0f} GB of memory")
    return None


def measure_all(
    contenders: Sequence[Contender],
    spans: Sequence[Span],
    *,
    sampled: tuple[Span, Mapping[str, Measured]],
    patience: float,
    spare_memory: float,
    repeats: int,
    tell: Callable[[str], None],
) -> dict[tuple[str, Span], type_of_outcome]:
    """Every contender over every span, from few rows to many; the outcome by code and span.

    What a run would take is foretold from the run over fewer rows, at first from ``sampled``; time
    leaves nobody out of the first span.
    """
    outcomes: dict[tuple[str, Span], type_of_outcome] = {}
    before, found = sampled
    known = {code: (before.rows, measured) for code, measured in found.items()}
    for span in spans:
        limit = math.inf if span is spans[0] else patience
        running: list[Contender] = []
        for contender in contenders:
            rows, last = known[contender.code]
            left_out = foretold_reason(
                last, times=span.rows / rows, patience=limit, spare_memory=spare_memory
            )
            if left_out and not contender.is_ours:
                outcomes[contender.code, span] = left_out
            else:
                running.append(contender)
        already = found if span == before else {}
        for code, measured in _rounds(running, span, repeats, already, tell).items():
            outcomes[code, span] = measured
            known[code] = (span.rows, measured)
    return outcomes


def _rounds(
    contenders: Sequence[Contender],
    span: Span,
    repeats: int,
    already: Mapping[str, Measured],
    tell: Callable[[str], None],
) -> dict[str, Measured]:
    """The medians of up to ``repeats`` rounds, so that a noisy minute is shared; by code.

    Runs of the same span that were made ``already`` count as the first round.
    """
    runs = {one.code: [already[one.code]] if already else [] for one in contenders}
    for number in range(1 if already else 0, repeats):
        for contender in contenders:
            done = runs[contender.code]
            if done and done[0].seconds > SHORT_SECONDS:
                continue
            tell(f"{contender.code}, {span.rows:,} rows, run {number + 1}")
            done.append(_run(contender, span))
    return {code: _median(done) for code, done in runs.items()}


def _median(runs: Sequence[Measured]) -> Measured:
    return Measured(
        seconds=statistics.median(run.seconds for run in runs),
        memory=int(statistics.median(run.memory for run in runs)),
        bytes=runs[0].bytes,
        runs=len(runs),
    )


def _run(contender: Contender, span: Span) -> Measured:
    with TemporaryDirectory(prefix="tollbook-bench-") as folder:
        return write_once(contender, span, Path(folder) / f"file.{contender.output}")
