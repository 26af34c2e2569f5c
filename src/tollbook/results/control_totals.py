"""Sums of amounts per currency, taken while a report is written; exact whatever their size."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tollbook.results.columns import Column, Kind

_EXACT: Final = Context(prec=76, traps=[InvalidOperation, Inexact])
_ARROW_LIMIT: Final = Decimal(10) ** 37
"""Arrow sums decimals in 128 bits and does not tell when they overflow."""


@dataclass(frozen=True)
class ControlTotal:
    """What one column adds up to in one currency (empty where the report has none)."""

    currency: str
    key: str
    header: str
    amount: Decimal


class ControlTotals:
    """Running sums of the columns ``keys`` per value of the column ``currency``."""

    def __init__(
        self, columns: Sequence[Column], keys: Sequence[str], currency: str | None
    ) -> None:
        named = {column.key: column for column in columns}
        self._columns = [named[key] for key in keys]
        self._currency = currency
        if currency is not None and named[currency].kind is not Kind.TEXT:
            raise TypeError(f"the currency column {currency} holds no text")
        for column in self._columns:
            if column.kind is not Kind.DECIMAL:
                raise TypeError(f"column {column.key} holds no amounts to total")
        self._sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def add(self, table: pa.Table) -> None:
        """Take in the rows of ``table``; an amount that is null adds nothing."""
        for currency, rows in self._by_currency(table):
            for column in self._columns:
                total = (currency, column.key)
                self._sums[total] = _EXACT.add(self._sums[total], _sum(rows[column.key]))

    def include(self, currency: str, key: str, amount: Decimal) -> None:
        """Take in what other rows add up to."""
        self._sums[currency, key] = _EXACT.add(self._sums[currency, key], amount)

    def totals(self) -> tuple[ControlTotal, ...]:
        """The totals so far, by currency and then in the order of the columns."""
        currencies = sorted({currency for currency, _ in self._sums})
        return tuple(
            ControlTotal(currency, column.key, column.header, self._sums[currency, column.key])
            for currency in currencies
            for column in self._columns
        )

    def _by_currency(self, table: pa.Table) -> list[tuple[str, pa.Table]]:
        if self._currency is None or not self._columns:
            return [("", table)] if self._columns else []
        amounts = table.select([self._currency, *(column.key for column in self._columns)])
        codes = pc.fill_null(amounts[self._currency].cast(pa.string()), "")
        return [
            (code, amounts.filter(pc.equal(codes, code))) for code in pc.unique(codes).to_pylist()
        ]


def _sum(amounts: pa.ChunkedArray) -> Decimal:
    extremes = pc.min_max(amounts)
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    if low is None:
        return Decimal(0).scaleb(-amounts.type.scale)
    largest = max(abs(low), abs(high)).scaleb(amounts.type.scale)
    if largest * len(amounts) < _ARROW_LIMIT:
        return Decimal(pc.sum(amounts).as_py())
    total = Decimal(0)
    for amount in amounts.drop_null().to_pylist():
        total = _EXACT.add(total, amount)
    return total
