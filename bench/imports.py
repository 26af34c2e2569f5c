"""Usage from files into the lake, beside Django's ``bulk_create`` and COPY into a table."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq
from isal import igzip

from bench import figures
from bench.section import Section
from tollbook.config.memory import GIVE_BACK

WAYS: Final = {
    "lake": "Tollbook, into the lake",
    "copy": "csv module, checked row by row, COPY",
    "bulk": "csv module, checked row by row, bulk_create",
}
_OTHERS: Final = ("copy", "bulk")
FORMS: Final = {
    "csv": "CSV",
    "csv.gz": "CSV, gzip",
    "jsonl": "JSON Lines",
    "parquet": "Parquet",
}
"""By the ending of a file's name."""
_TIMES: Final = 10
_PIECE: Final = 500_000
_PATIENCE: Final = 120.0
_REACH: Final = 1_000_000
_FILE: Final = (
    "A file of seven columns in a month of days, every record good and new; the same names, "
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
    larger = rows * _TIMES
    found = [("lake", form, _median(home, "lake", form, rows, repeats, tell)) for form in FORMS]
    found += [("lake", form, _median(home, "lake", form, larger, 1, tell)) for form in FORMS]
    found += [(way, "csv", _median(home, way, "csv", rows, repeats, tell)) for way in _OTHERS]
    return [_section(found)]


def _median(
    home: Path, way: str, form: str, rows: int, repeats: int, tell: Callable[[str], None]
) -> Run:
    runs: list[Run] = []
    for number in range(repeats):
        file = _usage_file(home, rows, form, ids=f"{form}-{rows}-{number}")
        tell(f"import of {rows:,} records, {way}, {form}, run {number + 1}")
        runs.append(_run(way, file, rows))
        file.unlink()
        if runs[0].seconds * len(runs) > _PATIENCE:
            break
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _section(found: Sequence[tuple[str, str, Run]]) -> Section:
    slowest = found[-1][2]
    lines = [
        (
            WAYS[way],
            FORMS[form],
            f"{run.rows:,}",
            figures.seconds(run.seconds),
            figures.rate(run.rows, run.seconds),
            figures.times(run.rows / run.seconds / (slowest.rows / slowest.seconds)),
            figures.rate(run.rows, run.busy),
            figures.megabytes(run.memory),
        )
        for way, form, run in found
    ]
    return Section(
        "Importing usage",
        ("way", "file", "records", "time", "records/s", "faster", "records/CPU s", "memory"),
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


def _usage_file(home: Path, rows: int, form: str, *, ids: str) -> Path:
    """Records of the book's own clients, features and regions; what is known is not imported."""
    from tollbook.catalog.models import Feature, StatisticRegion
    from tollbook.clients.models import Client

    general = StatisticRegion.objects.filter(product=None).values_list("int_name", flat=True)
    names = {
        "client_id": pl.Series(list(Client.objects.values_list("pk", flat=True))),
        "feature": pl.Series(list(Feature.objects.values_list("internal_name", flat=True))),
        "region": pl.Series(list(general)),
    }
    place = home / f"usage-{rows}.{form}"
    pieces = (
        _piece(first, min(_PIECE, rows - first), names, rows, ids)
        for first in range(0, rows, _PIECE)
    )
    if form == "parquet":
        _write_parquet(place, pieces)
        return place
    with igzip.open(place, "wb") if form.endswith(".gz") else place.open("wb") as file:
        for number, piece in enumerate(pieces):
            text = io.BytesIO()
            if form == "jsonl":
                piece.write_ndjson(text)
            else:
                piece.write_csv(text, include_header=number == 0)
            file.write(text.getvalue())
    return place


def _write_parquet(place: Path, pieces: Iterator[pl.DataFrame]) -> None:
    """With the types that a Parquet file of usage has: moments and decimals."""
    moments = pl.col("period_start", "period_end").str.to_datetime(
        _FORM, time_unit="us", time_zone="UTC"
    )
    typed = (
        piece.with_columns(moments, pl.col("amount").cast(pl.Decimal(38, 12))) for piece in pieces
    )
    writer: pq.ParquetWriter | None = None
    for piece in typed:
        table = piece.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(place, table.schema, compression="zstd")
        writer.write_table(table)
    if writer:
        writer.close()


def _piece(
    first: int, count: int, names: dict[str, pl.Series], rows: int, ids: str
) -> pl.DataFrame:
    number = pl.int_range(first, first + count, dtype=pl.Int64, eager=True)
    start = pl.Series([_MONTH]).new_from_index(0, count)
    spread = number * 7_919
    frame = pl.DataFrame({"n": number, "spread": spread, "start": start})
    moment = pl.col("start") + pl.duration(hours=pl.col("n") * 720 // rows)
    drawn = {
        name: values.gather((spread // (place * 13 + 1)) % len(values))
        for place, (name, values) in enumerate(names.items())
    }
    return frame.select(
        record_id=pl.format("{}-{}-usage", pl.lit(ids), pl.col("n")),
        **drawn,
        period_start=moment.dt.strftime(_FORM),
        period_end=(moment + pl.duration(hours=1)).dt.strftime(_FORM),
        amount=pl.format("{}.{}", pl.col("spread") % 10_000, pl.col("n") % 1_000_000),
    )


_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"
_MONTH: Final = pl.Series(["2026-10-01T00:00:00"]).str.to_datetime(time_unit="us")[0]
