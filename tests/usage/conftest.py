"""The small book of the reports, and a home and a queue of the test's own."""

from tests.reports.conftest import book

__all__ = ["book"]
