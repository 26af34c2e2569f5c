"""The small book and the demo book, as the other reports have them."""

from tests.reports.conftest import book, demo_database, demo_ledger

__all__ = ["book", "demo_database", "demo_ledger"]
