"""A made-up result of twenty columns: two numbers, nine texts, a day, two times, six amounts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tollbook.results.columns import MONEY, TIMESTAMP, Column
from tollbook.results.result_file import ResultWriter

_BATCH: Final = 50_000
_CLIENTS: Final = [
    f"Client {n}, Ltd" if n % 3 else f'Société "{n}" <&> Søn' if n % 2 else f"=Client {n}"
    for n in range(200)
]
_COMMENTS: Final = [f"Corrected by ticket {n}" for n in range(1000)]
_REPEATED: Final = {
    "client_name": _CLIENTS,
    "product_name": ["CDN", "Cloud compute", "Object storage", "DNS, managed"],
    "feature_name": [f"Feature {n}" for n in range(40)],
    "region_name": ["Europe", "Asia and Pacific", "North America", "Latin America"],
    "plan_name": [f"Plan {n}" for n in range(30)],
    "unit_name": ["GB", "requests", "hours"],
    "currency": ["EUR", "USD"],
    "calc_rule": ["commit", "overcommit", "stepped", "staged", "commit_hourly"],
}
_AMOUNTS: Final = {
    "usage": 10**15,
    "price": 10**11,
    "money_value": 10**16,
    "discount_value": 10**13,
    "tax_value": 10**14,
    "total_value": 10**16,
}
_DAY: Final = 86_400_000_000
_FIRST_DAY: Final = 20_454  # 2026-01-01

COLUMNS: Final = (
    Column("id", "Expense", pa.int64()),
    Column("client_id", "Client number", pa.int64()),
    *(Column(key, key.replace("_", " ").capitalize(), pa.string()) for key in _REPEATED),
    Column("comment", "Comment", pa.string()),
    Column("for_date", "Day", pa.date32()),
    Column("period_start", "Start", TIMESTAMP),
    Column("created_at", "Created", TIMESTAMP),
    *(Column(key, key.replace("_", " ").capitalize(), MONEY) for key in _AMOUNTS),
)


def write_result(path: Path, rows: int) -> None:
    """Write ``rows`` rows to ``path``, the same every time."""
    told = {"template": "ResellerExpenses", "information": [["Template", "ResellerExpenses"]]}
    totals = ["money_value", "tax_value"]
    with ResultWriter(path, COLUMNS, told, totals=totals, currency="currency") as writer:
        for start in range(0, rows, _BATCH):
            writer.write(_batch(start, min(start + _BATCH, rows)))


def _batch(start: int, end: int) -> pa.RecordBatch:
    number = pl.int_range(start, end, dtype=pl.Int64, eager=True)
    day = _chosen(number, 1, 90) + _FIRST_DAY
    micros = _chosen(number, 2, _DAY)
    commented = _chosen(number, 3, 20) == 0
    arrays = [
        (number + 1_000_000).to_arrow(),
        (_chosen(number, 4, 200) + 1000).to_arrow(),
        *(_text(number, salt, texts) for salt, texts in enumerate(_REPEATED.values(), 5)),
        pc.if_else(commented.to_arrow(), _text(number, 13, _COMMENTS), None),
        day.cast(pl.Int32).cast(pl.Date).to_arrow(),
        pc.cast((day * _DAY).to_arrow(), TIMESTAMP),
        pc.cast((day * _DAY + micros).to_arrow(), TIMESTAMP),
        *(_amount(number, salt, top) for salt, top in enumerate(_AMOUNTS.values(), 14)),
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[column.key for column in COLUMNS])


def _chosen(number: pl.Series, salt: int, top: int) -> pl.Series:
    """Numbers below ``top`` that look like chance and are not."""
    return (number.hash(seed=salt) % top).cast(pl.Int64)


def _text(number: pl.Series, salt: int, texts: Sequence[str]) -> pa.Array:
    return pl.Series(texts).gather(_chosen(number, salt, len(texts))).to_arrow().cast(pa.string())


def _amount(number: pl.Series, salt: int, top: int) -> pa.Array:
    units = pc.cast(_chosen(number, salt, top).to_arrow(), pa.decimal128(38, 0))
    return pa.Array.from_buffers(MONEY, len(units), units.buffers())
