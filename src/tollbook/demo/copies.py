"""The demo book at scale one, and its copies under shifted numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from tollbook.demo.accounts import DemoClient, DemoPayer
from tollbook.demo.agreements import DemoAddendum
from tollbook.demo.contract_frames import (
    addendum_frame,
    client_frame,
    discount_frame,
    payer_frame,
    subscription_frame,
)
from tollbook.expenses.services import EXPENSE_SCHEMA

_SLICE: Final = 16_384


@dataclass(frozen=True)
class BaseBook:
    """The book at scale one, a frame for each table that scale multiplies."""

    payers: pl.DataFrame
    clients: pl.DataFrame
    addendums: pl.DataFrame
    subscriptions: pl.DataFrame
    discounts: pl.DataFrame
    expenses: pl.DataFrame

    def shifts(self, copy: int) -> dict[str, int]:
        """How far each number of copy ``copy`` lies above that of the base book."""
        return {
            "payer_id": copy * self.payers.height,
            "client_id": copy * self.clients.height,
            "addendum_id": copy * self.addendums.height,
            "subscription_id": copy * self.subscriptions.height,
            "discount_id": copy * self.discounts.height,
            "expense_id": copy * self.expenses.height,
        }


def base_book(
    clients: Sequence[DemoClient],
    payers: Sequence[DemoPayer],
    seller_ids: Sequence[int],
    addendums: Sequence[DemoAddendum],
    expenses: pl.DataFrame,
) -> BaseBook:
    """All frames; ``seller_ids`` are the users' numbers, by the sellers' own from one."""
    return BaseBook(
        payers=payer_frame(payers),
        clients=client_frame(clients, seller_ids),
        addendums=addendum_frame(addendums),
        subscriptions=subscription_frame(addendums),
        discounts=discount_frame(addendums),
        expenses=expenses,
    )


def shifted(frame: pl.DataFrame, own: str, shifts: dict[str, int], copy: int) -> pl.DataFrame:
    """Copy ``copy`` of a frame whose ``id`` is the ``own`` number; names of copies tell which."""
    moved = [pl.col(name) + by for name, by in shifts.items() if name in frame.columns]
    moved.append(pl.col("id") + shifts[own])
    if copy and "company_name" in frame.columns:
        moved.append(pl.col("company_name") + f" ({copy + 1})")
    return frame.with_columns(moved)


def expense_batches(base: BaseBook, scale: int) -> Iterator[pa.RecordBatch]:
    """The expenses of all copies, in slices, as they are loaded."""
    for copy in range(scale):
        shifts = base.shifts(copy)
        for part in base.expenses.iter_slices(_SLICE):
            table = shifted(part, "expense_id", shifts, copy).to_arrow()
            yield from table.cast(EXPENSE_SCHEMA).combine_chunks().to_batches()
