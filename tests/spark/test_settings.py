"""Spark runs rating only where it would say that a digit is lost."""

from decimal import Decimal

import pytest

from tests.spark.conftest import NO_PANDAS
from tollbook.engine.spark import SparkEngine
from tollbook.engine.spark_sessions import EXACT, check_settings, used_session
from tollbook.kernel.errors import Unavailable

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings(NO_PANDAS),
]
PRODUCT = "SELECT CAST({} AS DECIMAL(38, 12)) * CAST({} AS DECIMAL(18, 12)) AS product"


def product_of(spark: SparkEngine, one: str, other: str) -> object:
    """A product as Spark has it."""
    with spark.running_query(PRODUCT.format(one, other), sources={}) as reader:
        return reader.read_all()["product"].to_pylist()[0]


def test_a_product_keeps_all_its_digits(spark: SparkEngine) -> None:
    found = product_of(spark, "1.000000000001", "1.000000000001")
    assert found == Decimal("1.000000000002000000000001")


def test_a_product_that_is_too_large_is_an_error(spark: SparkEngine) -> None:
    with pytest.raises(Exception, match="NUMERIC_VALUE_OUT_OF_RANGE"):
        product_of(spark, "123456789012345.123456789012", "1.5")


@pytest.mark.parametrize("name", sorted(EXACT))
def test_a_session_that_would_lose_digits_is_refused(spark: SparkEngine, name: str) -> None:
    assert spark.version.startswith("Spark ")
    with used_session(spark.address) as used:
        session = used.newSession()
    check_settings(session)
    wrong = "Asia/Tokyo" if EXACT[name] == "UTC" else str(EXACT[name] == "false").lower()
    session.conf.set(name, wrong)
    with pytest.raises(Unavailable, match=name):
        check_settings(session)
