"""Contracts whose fees start, stop and change in the month."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from tests.expenses.pricing.books import FIRST, contract_tables, line_row, stage_row

FEE_BOOK: Final = contract_tables(
    [
        line_row(1, rule="commit", committed=Decimal(12), active_from=FIRST - timedelta(days=1)),
        line_row(2, rule="commit", committed=Decimal(1), active_from=FIRST + timedelta(days=10)),
        line_row(
            3,
            rule="commit",
            committed=Decimal(7),
            active_from=FIRST - timedelta(days=10),
            active_to=FIRST + timedelta(days=10, hours=5),
        ),
        line_row(
            4,
            rule="commit_hourly",
            committed=Decimal("2.5"),
            active_from=FIRST + timedelta(hours=30, minutes=30),
        ),
        line_row(5),
    ],
    [
        stage_row(1, "224.801981"),
        stage_row(2, "100"),
        stage_row(3, "0.333333333333"),
        stage_row(4, "2.318056"),
        stage_row(5, "1"),
    ],
    discounts=[
        {
            "addendum_id": 11,
            "discount_id": 1,
            "active_from": FIRST + timedelta(days=5),
            "active_to": FIRST + timedelta(days=20),
            "percent": Decimal("33.333333333333"),
        }
    ],
    taxes=[{"client_id": 1, "tax_rate": Decimal("19.99")}],
)
"""Of client 1; line 5 owes no fee."""
