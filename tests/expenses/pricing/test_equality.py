"""Rating in SQL gives what the pure reference gives, digit for digit, on books drawn at random."""

from tests.expenses.pricing.books import drawn_books, joined
from tests.expenses.pricing.comparing import check_equal
from tollbook.engine.duck import DuckEngine


def test_duckdb_rates_as_the_reference_does() -> None:
    for _ in range(5):
        check_equal(DuckEngine(), joined(drawn_books(60)))
