"""Payers, clients and contracts as columns, as the tables of the ledger name them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import polars as pl

from tollbook.demo.accounts import DemoClient, DemoPayer
from tollbook.demo.agreements import DemoAddendum
from tollbook.demo.seed import BOOK_OPENED

MOMENT: Final = pl.Datetime("us", "UTC")


def payer_frame(payers: Sequence[DemoPayer]) -> pl.DataFrame:
    """The payers' rows."""
    return pl.DataFrame(
        {
            "id": [payer.id for payer in payers],
            "reseller_id": [payer.reseller_id for payer in payers],
            "company_name": [payer.company_name for payer in payers],
            "address": [payer.address for payer in payers],
            "tax_number": [payer.tax_number for payer in payers],
            "tax_rate": pl.Series([payer.tax_rate for payer in payers], dtype=pl.Decimal(5, 2)),
            "created_at": pl.Series([BOOK_OPENED] * len(payers), dtype=MOMENT),
        }
    )


def client_frame(clients: Sequence[DemoClient], seller_ids: Sequence[int]) -> pl.DataFrame:
    """The clients' rows; ``seller_ids`` are the users' numbers, by the sellers' own from one."""
    return pl.DataFrame(
        {
            "id": [client.id for client in clients],
            "reseller_id": [client.reseller_id for client in clients],
            "payer_id": [client.payer.id for client in clients],
            "seller_id": [
                seller_ids[client.seller_number - 1] if client.seller_number else None
                for client in clients
            ],
            "company_name": [client.company_name for client in clients],
            "created_at": pl.Series([BOOK_OPENED] * len(clients), dtype=MOMENT),
        }
    )


def addendum_frame(addendums: Sequence[DemoAddendum]) -> pl.DataFrame:
    """The addendums' rows."""
    return pl.DataFrame(
        {
            "id": [addendum.id for addendum in addendums],
            "client_id": [addendum.client.id for addendum in addendums],
            "plan_id": [addendum.plan.id for addendum in addendums],
            "currency_id": [addendum.currency_id for addendum in addendums],
            "status": [addendum.status.value for addendum in addendums],
            "active_from": pl.Series([a.active_from for a in addendums], dtype=MOMENT),
            "active_to": pl.Series([a.active_to for a in addendums], dtype=MOMENT),
            "created_at": pl.Series([BOOK_OPENED] * len(addendums), dtype=MOMENT),
        }
    )


def subscription_frame(addendums: Sequence[DemoAddendum]) -> pl.DataFrame:
    """The rows of all subscriptions of ``addendums``."""
    rows = [(addendum, own) for addendum in addendums for own in addendum.subscriptions]
    return pl.DataFrame(
        {
            "id": [own.id for _, own in rows],
            "addendum_id": [addendum.id for addendum, _ in rows],
            "plan_item_id": [addendum.plan.item_id(own.tariff) for addendum, own in rows],
            "quantity": _exact([own.committed for _, own in rows], pl.Decimal(32, 8)),
            "active_from": pl.Series([a.active_from for a, _ in rows], dtype=MOMENT),
            "active_to": pl.Series([a.active_to for a, _ in rows], dtype=MOMENT),
        }
    )


def discount_frame(addendums: Sequence[DemoAddendum]) -> pl.DataFrame:
    """The rows of all discounts of ``addendums``."""
    rows = [(addendum, own) for addendum in addendums for own in addendum.discounts]
    return pl.DataFrame(
        {
            "id": [own.id for _, own in rows],
            "addendum_id": [addendum.id for addendum, _ in rows],
            "relative_value": _exact([own.percent for _, own in rows], pl.Decimal(36, 12)),
            "comment": pl.Series([own.comment for _, own in rows], dtype=pl.String),
            "active_from": pl.Series([own.active_from for _, own in rows], dtype=MOMENT),
            "active_to": pl.Series([own.active_to for _, own in rows], dtype=MOMENT),
        }
    )


def _exact(values: Sequence[Decimal], dtype: pl.Decimal) -> pl.Series:
    return pl.Series(values, dtype=dtype)
