"""The SQL of ``ResellerStatistics`` says the same on Spark as on DuckDB."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.spark.conftest import NO_PANDAS
from tollbook.engine.duck import DuckEngine
from tollbook.engine.spark import SparkEngine
from tollbook.reports.templates.statistics_sql import (
    conditions_sql,
    counting_sql,
    grouping_sql,
)
from tollbook.usage.records import USAGE_SCHEMA

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings(NO_PANDAS),
]
START = datetime(2026, 10, 1, tzinfo=UTC)
_MOMENT = pa.timestamp("us", tz="UTC")


def usage(records: int = 200) -> pa.Table:
    """Records of five clients over some days, with and without contract and resource."""
    rows = [
        {
            "record_id": f"r{number}",
            "client_id": number % 5 + 1,
            "feature_id": number % 3 + 1,
            "region_id": number % 2 + 1,
            "addendum_id": None if number % 4 else number % 5 + 1,
            "resource_id": None if number % 7 else f"resource {number % 6}",
            "period_start": START + timedelta(hours=5 * number),
            "period_end": START + timedelta(hours=5 * number + 1),
            "amount": Decimal(number) + Decimal("0.000000000001"),
        }
        for number in range(records)
    ]
    return pa.Table.from_pylist(rows, USAGE_SCHEMA)


SOURCES = {
    "usage": usage(),
    "clients": pa.table({"id": pa.array([1, 2, 4], pa.int32())}),
    "features": pa.table(
        {
            "id": pa.array([1, 3], pa.int32()),
            "product_id": pa.array([7, 8], pa.int32()),
            "metric_id": pa.array([1, 2], pa.int32()),
        }
    ),
    "contracts": pa.table(
        {
            "id": pa.array([1, 2, 4], pa.int32()),
            "client_id": pa.array([1, 2, 4], pa.int32()),
            "feature_id": pa.array([1, 3, 3], pa.int32()),
            "active_from": pa.array([None, START, START + timedelta(days=9)], _MOMENT),
            "active_to": pa.array([START + timedelta(days=20), None, None], _MOMENT),
        }
    ),
}
NARROW = conditions_sql(clients=True, features=True, contracts=True)


@pytest.mark.parametrize(
    "sql",
    [
        grouping_sql("month", ["client", "product"], NARROW),
        grouping_sql("day", ["feature", "region", "resource"], "true"),
        grouping_sql("hour", ["product"], NARROW),
        counting_sql(NARROW),
    ],
    ids=["month", "day", "hour", "count"],
)
def test_both_engines_add_up_the_same(spark: SparkEngine, sql: str) -> None:
    answers = []
    for engine in (spark, DuckEngine()):
        with engine.running_query(sql, sources=SOURCES) as reader:
            answers.append(reader.read_all())
    by_spark, by_duckdb = (answer.to_pylist() for answer in answers)
    assert by_spark == by_duckdb
    assert by_spark
    assert answers[0].schema.names == answers[1].schema.names
