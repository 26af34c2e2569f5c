"""A made-up result of ``ResellerExpenses``: a row for each expense, day by day."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tollbook.reports.templates.expense_columns import EACH_EXPENSE
from tollbook.reports.templates.reseller_expenses import AMOUNTS
from tollbook.results.columns import TIMESTAMP, Column, Kind
from tollbook.results.result_file import ResultWriter

COLUMNS: Final = tuple(made.column for made in EACH_EXPENSE)
CLIENTS: Final = 2_000
_BATCH: Final = 50_000
_DAYS: Final = 30
_DAY: Final = 86_400_000_000
_FIRST_DAY: Final = 20_727  # 2026-10-01
_COMMENTED: Final = 50
_IDS: Final = 5_000
"""How many different plan items and the like there are."""
_NAMES: Final = ("Ångström", "Brook", "Delta", "Fjord", "Lakeside", "Motors", "Søn", "Vista")
_COMPANIES: Final = [
    f"{_NAMES[number % 8]} {_NAMES[number // 8 % 8]} {number}, Ltd" for number in range(CLIENTS)
]
_TEXTS: Final[Mapping[str, list[str]]] = {
    "plan_name": [f"Plan {number}" for number in range(30)],
    "product_name": ["CDN", "Cloud compute", "Object storage", "DNS, managed"],
    "feature_name": [f"Feature {number}" for number in range(40)],
    "region_name": ["Europe", "Asia and Pacific", "North America", "Latin America"],
    "calc_rule": ["commit", "overcommit", "stepped", "staged", "commit_hourly"],
    "kind": ["usage", "usage", "usage", "fee", "correction"],
    "unit_name": ["GB", "requests", "hours"],
    "currency": ["EUR", "USD"],
}
_TOPS: Final[Mapping[str, int]] = {
    "usage": 10**15,
    "money_before_discount": 10**16,
    "discount_value": 10**13,
    "money_value": 10**16,
    "tax_value": 10**14,
    "total_value": 10**16,
}
"""In units of the last decimal."""


def write_expenses(path: Path, rows: int) -> str:
    """Write ``rows`` rows to ``path``, the same every time; the digest of them."""
    told = {"template": "ResellerExpenses", "information": [["Template", "ResellerExpenses"]]}
    with ResultWriter(path, COLUMNS, told, totals=AMOUNTS, currency="currency") as writer:
        for start in range(0, rows, _BATCH):
            number = pl.int_range(start, min(start + _BATCH, rows), dtype=pl.Int64, eager=True)
            arrays = [_array(column, number, rows) for column in COLUMNS]
            keys = [column.key for column in COLUMNS]
            writer.write(pa.RecordBatch.from_arrays(arrays, names=keys))
    return writer.summary.digest


def _array(column: Column, number: pl.Series, rows: int) -> pa.Array:
    made = _MADE.get(column.key)
    if made is not None:
        return made(number, rows)
    if column.key in _TEXTS:
        texts = _TEXTS[column.key]
        return _texts(_chosen(number, column.key, len(texts)), texts)
    if column.kind is Kind.INTEGER:
        return _chosen(number, column.key, _IDS).to_arrow().cast(column.type)
    units = _chosen(number, column.key, _TOPS[column.key]).to_arrow()
    return _decimals(units, column.type)


def _day(number: pl.Series, rows: int) -> pl.Series:
    return _FIRST_DAY + number * _DAYS // rows


def _client(number: pl.Series) -> pl.Series:
    return _chosen(number, "client", CLIENTS)


def _comments(number: pl.Series, _: int) -> pa.Array:
    commented = _chosen(number, "commented", _COMMENTED) == 0
    text = pl.select(pl.format("Corrected by ticket {}", number)).to_series().to_arrow()
    return pc.if_else(commented.to_arrow(), text.cast(pa.string()), None)


def _moments(days: pl.Series) -> pa.Array:
    return pc.cast((days * _DAY).to_arrow(), TIMESTAMP)


def _chosen(number: pl.Series, salt: str, top: int) -> pl.Series:
    """Numbers below ``top`` that look like chance and are not."""
    return (number.hash(seed=sum(salt.encode())) % top).cast(pl.Int64)


def _texts(chosen: pl.Series, texts: list[str]) -> pa.Array:
    return pl.Series(texts).gather(chosen).to_arrow().cast(pa.string())


def _decimals(units: pa.Array, data_type: pa.DataType) -> pa.Array:
    wide = pc.cast(units, pa.decimal128(38, 0))
    whole = pa.Array.from_buffers(pa.decimal128(38, data_type.scale), len(wide), wide.buffers())
    return whole.cast(data_type)


_MADE: Final[Mapping[str, Callable[[pl.Series, int], pa.Array]]] = {
    "id": lambda number, _: (number + 1_000_000).to_arrow(),
    "for_date": lambda number, rows: _day(number, rows).cast(pl.Int32).cast(pl.Date).to_arrow(),
    "period_start": lambda number, rows: _moments(_day(number, rows)),
    "period_end": lambda number, rows: _moments(_day(number, rows) + 1),
    "reseller_id": lambda number, _: (number * 0 + 101).to_arrow(),
    "client_id": lambda number, _: (_client(number) + 1_001).to_arrow(),
    "client_name": lambda number, _: _texts(_client(number), _COMPANIES),
    "payer_id": lambda number, _: (_client(number) // 2 + 1).to_arrow(),
    "payer_name": lambda number, _: _texts(_client(number) // 2, _COMPANIES),
    "addendum_id": lambda number, _: (_client(number) * 3 + 7).to_arrow(),
    "product_id": lambda number, _: (_chosen(number, "product_name", 4) + 1).to_arrow(),
    "tax_rate": lambda number, _: _decimals(
        (_chosen(number, "tax", 5) * 500).to_arrow(), pa.decimal128(5, 2)
    ),
    "deleted": lambda number, _: (number < 0).to_arrow(),
    "reason": lambda number, _: pa.nulls(len(number), pa.string()),
    "comment": _comments,
}
