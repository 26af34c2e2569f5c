"""Usage from a CSV file into the lake, beside Django's ``bulk_create`` and COPY into a table."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from bench import figures
from bench.section import Section
from tollbook.config.memory import GIVE_BACK

WAYS: Final = {
    "lake": "Tollbook, into the lake",
    "copy": "csv module, checked row by row, COPY",
    "bulk": "csv module, checked row by row, bulk_create",
}
_TIMES: Final = 10
_PIECE: Final = 500_000
_PATIENCE: Final = 120.0
_REACH: Final = 1_000_000
_FILE: Final = (
    "A CSV file of seven columns in a month of days, every record good and new; the same names, "
    "amounts and periods are checked by all. The table has the columns of the lake, and the id as "
    "primary key, which is what makes an import safe to repeat there."
)
_TIME: Final = (
    "Tollbook's time is that of the worker's whole task: reading, checking, comparing with all ids "
    "that the lake knows, writing Parquet, and the commit. Memory is the peak of the process. "
    "CPU seconds are its own on all cores: what PostgreSQL needs for the others comes on top."
)


@dataclass(frozen=True)
class Run:
    """One import: seconds, those of the processor, and the peak of memory, of its process."""

    rows: int
    seconds: float
    busy: float
    memory: int


def measure_imports(
    home: Path, rows: int, *, repeats: int, tell: Callable[[str], None]
) -> list[Section]:
    """Import ``rows`` records by everybody, and ten times as many by Tollbook alone."""
    files = {number: _usage_file(home, number) for number in (rows, rows * _TIMES)}
    found: list[tuple[str, Run]] = []
    for way in WAYS:
        runs = []
        for number in range(repeats):
            tell(f"import of {rows:,} records, {way}, run {number + 1}")
            runs.append(_run(way, files[rows], rows))
            if runs[0].seconds * len(runs) > _PATIENCE:
                break
        found.append((way, sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]))
    tell(f"import of {rows * _TIMES:,} records, lake")
    found.insert(1, ("lake", _run("lake", files[rows * _TIMES], rows * _TIMES)))
    for file in files.values():
        file.unlink()
    return [_section(found)]


def _section(found: Sequence[tuple[str, Run]]) -> Section:
    slowest = found[-1][1]
    lines = [
        (
            WAYS[way],
            f"{run.rows:,}",
            figures.seconds(run.seconds),
            figures.rate(run.rows, run.seconds),
            figures.times(run.rows / run.seconds / (slowest.rows / slowest.seconds)),
            figures.rate(run.rows, run.busy),
            figures.megabytes(run.memory),
        )
        for way, run in found
    ]
    return Section(
        "Importing usage",
        ("way", "records", "time", "records/s", "faster", "records/CPU s", "memory"),
        lines,
        (
            _FILE,
            _TIME,
            f"Aim: {_REACH:,} records/s into the lake on two cores, in memory that does not grow.",
        ),
    )


def _run(way: str, file: Path, rows: int) -> Run:
    command = [sys.executable, "-m", "bench.import_alone", way, str(file)]
    ended = subprocess.run(
        command, env={**os.environ, **GIVE_BACK}, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{way}:\n{ended.stderr}")
    told = json.loads(ended.stdout.splitlines()[-1])
    if told["imported"] != rows:
        raise RuntimeError(f"{way} imported {told['imported']} records of {rows}")
    return Run(rows, told["seconds"], told["busy"], told["memory"])


def _usage_file(home: Path, rows: int) -> Path:
    """Records of the book's own clients, features and regions, ids of their own in each file."""
    from tollbook.catalog.models import Feature, StatisticRegion
    from tollbook.clients.models import Client

    general = StatisticRegion.objects.filter(product=None).values_list("int_name", flat=True)
    names = {
        "client_id": pl.Series(list(Client.objects.values_list("pk", flat=True))),
        "feature": pl.Series(list(Feature.objects.values_list("internal_name", flat=True))),
        "region": pl.Series(list(general)),
    }
    place = home / f"usage-{rows}.csv"
    with place.open("wb") as file:
        for first in range(0, rows, _PIECE):
            piece = _piece(first, min(_PIECE, rows - first), names, rows)
            piece.write_csv(file, include_header=first == 0)
    return place


def _piece(first: int, count: int, names: dict[str, pl.Series], rows: int) -> pl.DataFrame:
    number = pl.int_range(first, first + count, dtype=pl.Int64, eager=True)
    start = pl.Series([_MONTH]).new_from_index(0, count)
    spread = number * 7_919
    frame = pl.DataFrame({"n": number, "spread": spread, "start": start})
    moment = pl.col("start") + pl.duration(hours=pl.col("n") * 720 // rows)
    drawn = {
        name: values.gather((spread // (place * 13 + 1)) % len(values))
        for place, (name, values) in enumerate(names.items())
    }
    form = "%Y-%m-%dT%H:%M:%SZ"
    return frame.select(
        record_id=pl.format("{}-{}-usage", pl.lit(rows), pl.col("n")),
        **drawn,
        period_start=moment.dt.strftime(form),
        period_end=(moment + pl.duration(hours=1)).dt.strftime(form),
        amount=pl.format("{}.{}", pl.col("spread") % 10_000, pl.col("n") % 1_000_000),
    )


_MONTH: Final = pl.Series(["2026-10-01T00:00:00"]).str.to_datetime(time_unit="us")[0]
