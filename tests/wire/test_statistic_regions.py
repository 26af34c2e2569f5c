"""``/statistics/regions`` against the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import (
    Oracle,
    check_complete,
    check_filters_alone,
    check_page,
    part,
    questions,
    several,
)
from tollbook.catalog.models import Product, StatisticRegion

NAMES = ("id", "int_name", "ext_name", "name_en")


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    names = dict(Product.objects.values_list("id", "name_en"))
    rows = list(StatisticRegion.objects.values())
    return Oracle(
        path="/statistics/regions",
        rows=rows,
        wishes=[
            several("product_id", "product_id", (1, 2, 5, 32, 99)),
            part("product_name", lambda row: [names.get(row["product_id"])], rows),
        ],
        orders={"product": "product_id", **{name: name for name in NAMES}},
        default=("id",),
        key=("id",),
        shown=lambda row: {
            "uuid": str(row["uuid"]),
            "product": row["product_id"],
            **{name: row[name] for name in NAMES},
        },
    )


def test_the_oracle_knows_the_whole_list(oracle: Oracle) -> None:
    check_complete(oracle)


@examples(25)
@given(data=st.data())
def test_every_filter_alone_keeps_what_it_says(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_filters_alone(oracle, demo_ledger.callers["operator"], data)


@given(data=st.data())
def test_every_page_is_the_oracles(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(oracle, data.draw(questions(oracle, list(demo_ledger.callers.values()))))
