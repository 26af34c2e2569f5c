"""One book rated by an engine and by the pure reference."""

from collections.abc import Iterable
from dataclasses import asdict

import pyarrow as pa

from tests.expenses.pricing.books import MONTH, Book
from tollbook.engine.engine import Engine
from tollbook.expenses.pricing.rating import rate_usage
from tollbook.expenses.pricing.reference import contracts_of, records_of
from tollbook.expenses.pricing.tables import RATED_SCHEMA
from tollbook.rating.metered import rate_records


def rated_table(batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """All that was rated, of the schema that is promised."""
    return pa.Table.from_batches(batches, RATED_SCHEMA)


def check_equal(engine: Engine, book: Book) -> None:
    """Rate ``book`` in both ways: row by row the same."""
    by_sql = rated_table(rate_usage(engine, book.usage, book.contracts, MONTH)).to_pylist()
    by_hand = rate_records(records_of(book.usage.to_batches()), contracts_of(book.contracts))
    expected = pa.Table.from_pylist([asdict(row) for row in by_hand], RATED_SCHEMA).to_pylist()
    for found, row in zip(by_sql, expected, strict=False):
        assert found == row
    assert len(by_sql) == len(expected)
