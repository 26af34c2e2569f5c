"""The small book of the reports to close, and a home and a queue of the test's own."""

from tests.filetasks.conftest import own_home, queue
from tests.reports.conftest import book

__all__ = ["book", "own_home", "queue"]
