"""Rating in SQL gives what the pure reference gives, digit for digit, on books drawn at random."""

from dataclasses import replace

from tests.expenses.pricing.books import drawn_books, joined
from tests.expenses.pricing.comparing import check_equal
from tollbook.engine.duck import DuckEngine
from tollbook.rating.conventions import Conventions

OPPOSITE = Conventions(threshold_is_in_new_stage=False, counts_activation_day=True)


def test_duckdb_rates_as_the_reference_does() -> None:
    for _ in range(5):
        check_equal(DuckEngine(), joined(drawn_books(60)))


def test_so_it_does_where_the_conventions_are_the_opposite_ones() -> None:
    book = joined(drawn_books(60))
    check_equal(
        DuckEngine(), replace(book, contracts=replace(book.contracts, conventions=OPPOSITE))
    )
