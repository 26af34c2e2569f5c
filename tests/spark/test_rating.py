"""Rating on Spark gives what the pure reference gives, and what DuckDB gives, to the byte."""

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from tests.expenses.pricing.books import (
    FIRST,
    MONTH,
    contract_tables,
    drawn_books,
    joined,
    line_row,
    stage_row,
    usage_row,
    usage_table,
)
from tests.expenses.pricing.comparing import check_equal
from tests.expenses.pricing.hard_cases import FEE_BOOK
from tests.spark.conftest import NO_PANDAS
from tollbook.engine.duck import DuckEngine
from tollbook.engine.spark import SparkEngine
from tollbook.expenses.pricing.rating import rate_fees, rate_usage, unrated_usage
from tollbook.kernel.errors import InvalidInput

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings(NO_PANDAS),
]


def test_spark_rates_books_drawn_at_random_as_the_reference_does(spark: SparkEngine) -> None:
    check_equal(spark, joined(drawn_books(60)))


def test_both_engines_leave_the_same_usage_unrated(spark: SparkEngine) -> None:
    book = joined(drawn_books(20))
    by_spark, by_duckdb = (
        list(unrated_usage(engine, book.usage, book.contracts, MONTH))
        for engine in (spark, DuckEngine())
    )
    assert by_spark == by_duckdb


def test_both_engines_post_the_same_fees(spark: SparkEngine) -> None:
    by_spark, by_duckdb = (
        list(rate_fees(engine, FEE_BOOK, MONTH)) for engine in (spark, DuckEngine())
    )
    assert by_spark == by_duckdb
    assert sum(batch.num_rows for batch in by_spark) > 30


def test_the_cluster_reads_the_files_of_the_lake_itself(spark: SparkEngine, tmp_path: Path) -> None:
    usage = usage_table([usage_row("a", "3", FIRST), usage_row("b", "4", FIRST)])
    pq.write_table(usage, tmp_path / "usage.parquet")
    files = pads.dataset(tmp_path, schema=usage.schema, format="parquet")
    contracts = contract_tables([line_row()], [stage_row(1, "2.5")])
    (batch,) = rate_usage(spark, files, contracts, MONTH)
    assert [str(amount) for amount in batch["rated"].to_pylist()] == ["17.500000000000"]


def test_an_amount_beyond_the_range_is_an_error_that_names_its_line(spark: SparkEngine) -> None:
    usage = usage_table([usage_row("a", "900000000000", FIRST)])
    contracts = contract_tables([line_row(4)], [stage_row(4, "11")])
    with pytest.raises(InvalidInput, match="line 4 in region 1 on 2026-10-01"):
        list(rate_usage(spark, usage, contracts, MONTH))


def test_every_run_gives_the_same_bytes(spark: SparkEngine) -> None:
    book = joined(drawn_books(10))
    first, second = (
        pa.Table.from_batches(rate_usage(spark, book.usage, book.contracts, MONTH))
        for _ in range(2)
    )
    assert first.equals(second)
