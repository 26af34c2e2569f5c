"""Usage records → rated days: SQL on DuckDB beside the pure reference, each in a fresh process.

``section(rows)`` gives the figures; ``python -m bench.rating WAY FOLDER ROWS`` is one run. The
reference rates a part of the clients and is said to; its records are rated as they are by SQL.
CloudKitty's processor rates the same part at one price a unit, where ``CLOUDKITTY_PYTHON`` names a
Python that has it.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from bench import figures, memory
from bench.section import Section
from tollbook.engine.duck import DuckEngine
from tollbook.expenses.pricing import tables
from tollbook.expenses.pricing.rating import rate_usage
from tollbook.expenses.pricing.reference import contracts_of, records_of
from tollbook.expenses.pricing.tables import ContractTables
from tollbook.kernel.periods import DateRange, day_start, month_of
from tollbook.rating.metered import rate_records
from tollbook.usage.records import USAGE_SCHEMA

_MONTH: Final = month_of(date(2026, 10, 1))
_RULES: Final = ("overcommit", "stepped", "staged")
_RECORDS_OF_CLIENT: Final = 31 * 24 * len(_RULES)
_SAMPLE: Final = 20_000
_ONE_PRICE: Final = Decimal("0.0000375")
_PEER: Final = Path(__file__).parent / "peers" / "cloudkitty_hashmap.py"
_HEADERS: Final = ("way", "records", "rated days", "records/s", "peak memory", "Tollbook is")


class RatedDifferently(Exception):
    """SQL and the reference do not agree."""


def section(counts: Sequence[int], *, repeats: int) -> Section:
    """Rates as many records as each of ``counts``; the fastest of ``repeats`` runs each."""
    rows: list[Sequence[str]] = []
    with TemporaryDirectory(prefix="tollbook-bench-") as name:
        folder = Path(name)
        sample = min(_SAMPLE, *counts)
        by_hand = _run("reference", folder, sample, repeats)
        if _run("sql", folder, sample, 1)["sum"] != by_hand["sum"]:
            raise RatedDifferently(f"of {sample} records")
        rows.append(_row("the pure Python reference, on a sample", by_hand, by_hand, by_hand))
        for count in sorted(counts):
            found = _run("sql", folder, count, repeats)
            rows.append(_row("Tollbook: SQL on DuckDB", found, by_hand, found))
        beside, note = _cloudkitty(folder, sample, min(counts), repeats)
        rows += beside
    return Section("Rating: usage records to rated days", _HEADERS, rows, (*_NOTES, note))


def _cloudkitty(
    folder: Path, records: int, all_records: int, repeats: int
) -> tuple[list[Sequence[str]], str]:
    """CloudKitty's processor on a sample, Tollbook at its prices, and what is to be said."""
    python = os.environ.get("CLOUDKITTY_PYTHON")
    if python is None:
        return [], _LEFT_OUT
    points = folder / "points.csv"
    write_points(folder / str(records), points)
    command = [python, str(_PEER), str(points), str(_ONE_PRICE)]
    runs = []
    for _ in range(repeats):
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        runs.append(json.loads(ended.stdout.splitlines()[-1]))
    theirs = min(runs, key=lambda run: float(run["seconds"])) | {"records": records, "days": 0}
    total = _run("plain", folder, records, 1)["sum"]
    if Decimal(theirs["sum"]) != Decimal(total):
        raise RatedDifferently(f"by CloudKitty: {theirs['sum']}, not {total}")
    ours = _run("plain", folder, all_records, repeats)
    return [
        _row("CloudKitty's HashMap, the sample at one price", theirs, theirs, theirs),
        _row("Tollbook at one price", ours, theirs, ours),
    ], _BESIDE


_NOTES: Final = (
    (
        "One month of hourly records: clients with three metered features each, one under each "
        "month-to-date rule, with ladders, units, rounding rules, a discount and a tax; Parquet "
        "files of a day each in, Arrow out."
    ),
    (
        "The sum of all amounts and taxes that both ways found in the sample was the same, to the "
        "twelfth decimal."
    ),
    "Memory is the peak of the process above what it had before it began.",
)
_BESIDE: Final = (
    "CloudKitty's processor looks at one data point at a time and knows no month to date, so it "
    "rates the sample at one price a unit; of the same Tollbook found the same sum. "
    "Its clock runs in the processor alone, with points ready in memory and prices given; ours "
    "from Parquet files to Arrow. Its memory is that of the whole process."
)
_LEFT_OUT: Final = (
    "CloudKitty is not beside them here: its HashMap processor, which looks at one data point at a "
    "time and knows no month to date, is run where CLOUDKITTY_PYTHON names a Python that has it."
)


def _row(
    label: str, found: dict[str, Any], by_hand: dict[str, Any], ours: dict[str, Any]
) -> Sequence[str]:
    speed = ours["records"] / ours["seconds"]
    slower = by_hand["records"] / by_hand["seconds"]
    return (
        label,
        f"{found['records']:,}",
        f"{found['days']:,}",
        figures.rate(found["records"], found["seconds"]),
        figures.megabytes(found["memory"]),
        "" if found is by_hand else figures.times(speed / slower),
    )


def _run(way: str, folder: Path, records: int, repeats: int) -> dict[str, Any]:
    usage = folder / str(records)
    if not usage.exists():
        write_usage(usage, records)
    runs = []
    for _ in range(repeats):
        command = [sys.executable, "-m", "bench.rating", way, str(usage), str(records)]
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        runs.append(json.loads(ended.stdout.splitlines()[-1]))
    return min(runs, key=lambda run: float(run["seconds"]))


def contracts(records: int) -> ContractTables:
    """The contracts of as many clients as have ``records`` records in the month."""
    clients = range(1, records // _RECORDS_OF_CLIENT + 2)
    lines = [_line(client, nth) for client in clients for nth in range(len(_RULES))]
    return ContractTables(
        lines=pa.Table.from_pylist(lines, tables.LINES_SCHEMA),
        line_regions=tables.LINE_REGIONS_SCHEMA.empty_table(),
        region_commits=tables.REGION_COMMITS_SCHEMA.empty_table(),
        stages=pa.Table.from_pylist(
            [stage for line in lines for stage in _stages(line)], tables.STAGES_SCHEMA
        ),
        discounts=pa.Table.from_pylist(
            [_discount(client) for client in clients], tables.DISCOUNTS_SCHEMA
        ),
        taxes=pa.Table.from_pylist(
            [{"client_id": client, "tax_rate": Decimal("19.00")} for client in clients],
            tables.TAXES_SCHEMA,
        ),
        trials=tables.TRIALS_SCHEMA.empty_table(),
        fee_region_id=1,
    )


def plain_contracts(records: int) -> ContractTables:
    """As many contracts at one price a unit: no ladder, no unit, no discount, no tax."""
    book = contracts(records)
    lines = [
        {**line, "rule": "overcommit", "committed": Decimal(0), "unit_size": Decimal(1)}
        | {"round_multiple": None, "round_way": None}
        for line in book.lines.to_pylist()
    ]
    stages = [
        {"line_id": line["line_id"], "threshold": Decimal(0), "price": _ONE_PRICE} for line in lines
    ]
    return replace(
        book,
        lines=pa.Table.from_pylist(lines, tables.LINES_SCHEMA),
        stages=pa.Table.from_pylist(stages, tables.STAGES_SCHEMA),
        discounts=tables.DISCOUNTS_SCHEMA.empty_table(),
        taxes=tables.TAXES_SCHEMA.empty_table(),
    )


def write_points(usage: Path, target: Path) -> None:
    """The records as lines of their feature and amount."""
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        for batch in pads.dataset(usage, schema=USAGE_SCHEMA, format="parquet").to_batches():
            features, amounts = batch["feature_id"].to_pylist(), batch["amount"].to_pylist()
            writer.writerows(zip(features, amounts, strict=True))


def write_usage(folder: Path, records: int) -> None:
    """``records`` records in a Parquet file for each day, as the lake has them."""
    folder.mkdir()
    each, more = divmod(records, _MONTH.days)
    for number, day in enumerate(_MONTH):
        rows = each + (number < more)
        pq.write_table(_usage(day, rows), folder / f"{day}.parquet", compression="zstd")


def _line(client: int, nth: int) -> dict[str, Any]:
    return {
        "line_id": client * 10 + nth,
        "addendum_id": client,
        "client_id": client,
        "plan_item_id": nth + 1,
        "feature_id": nth + 1,
        "rule": _RULES[nth],
        "active_from": day_start(_MONTH.start) - timedelta(days=100),
        "active_to": None,
        "unit_size": Decimal((10**9, 60, 1000)[nth]),
        "round_multiple": Decimal("0.25") if nth == 1 else None,
        "round_way": "ceil" if nth == 1 else None,
        "committed": Decimal(100 if nth == 0 else 0),
        "hourly_commit": None,
    }


def _stages(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for threshold, price in (("0", "0.045"), ("500", "0.0375"), ("5000", "0.0291666")):
        yield {
            "line_id": line["line_id"],
            "threshold": Decimal(threshold),
            "price": Decimal(price),
        }


def _discount(client: int) -> dict[str, Any]:
    return {
        "addendum_id": client,
        "discount_id": client,
        "active_from": datetime(2026, 10, 10, tzinfo=UTC),
        "active_to": None,
        "percent": Decimal("12.5"),
    }


def _usage(day: date, rows: int) -> pa.Table:
    """A day: hour by hour, feature by feature, client by client."""
    number = pa.array(range(rows), pa.int64())
    hour, rest = _split(number, 24)
    feature, client = _split(rest, len(_RULES))
    midnight = pa.scalar(day_start(day), pa.timestamp("us", tz="UTC"))
    start = pc.add(midnight, pc.multiply(hour, 3_600_000_000).cast(pa.duration("us")))
    amount = pc.multiply(pc.add(pc.multiply(hour, 7), pc.add(client, 13)), 1_234_567)
    nulls = pa.nulls(rows, pa.int32())
    columns = [
        pc.binary_join_element_wise(str(day), number.cast(pa.string()), "/"),
        pc.add(client, 1).cast(pa.int32()),
        pc.add(feature, 1).cast(pa.int32()),
        pa.repeat(pa.scalar(1, pa.int32()), rows),
        nulls,
        nulls.cast(pa.string()),
        start,
        pc.add(start, pa.scalar(timedelta(hours=1), pa.duration("us"))),
        amount.cast(pa.decimal128(26, 0)).cast(pa.decimal128(38, 12)),
    ]
    return pa.Table.from_arrays(columns, schema=USAGE_SCHEMA)


def _split(number: pa.Array, parts: int) -> tuple[pa.Array, pa.Array]:
    """Remainder and quotient."""
    quotient = pc.divide(number, parts)
    return pc.subtract(number, pc.multiply(quotient, parts)), quotient


def _rate(way: str, folder: Path, records: int) -> dict[str, Any]:
    """One run; the sum tells whether two ways agree."""
    book = plain_contracts(records) if way == "plain" else contracts(records)
    days = DateRange(_MONTH.start, _MONTH.end)
    usage = pads.dataset(folder, schema=USAGE_SCHEMA, format="parquet")
    baseline = memory.resident_now()
    memory.forget_peak()
    began = time.perf_counter()
    count, total = 0, Decimal(0)
    if way in {"sql", "plain"}:
        for batch in rate_usage(DuckEngine(), usage, book, days):
            count += batch.num_rows
            for name in ("money_value", "tax_value"):
                total += pc.sum(batch[name]).as_py()
    else:
        rows = rate_records(records_of(usage.to_batches()), contracts_of(book))
        count, total = len(rows), sum((row.money_value + row.tax_value for row in rows), total)
    return {
        "seconds": time.perf_counter() - began,
        "memory": max(0, memory.peak() - baseline),
        "records": records,
        "days": count,
        "sum": f"{total:f}",
    }


if __name__ == "__main__":
    print(json.dumps(_rate(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
