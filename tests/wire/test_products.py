"""``/products`` against the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import Oracle, check_complete, check_page, columns, questions
from tollbook.catalog.models import Product


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    rows = list(Product.objects.values())
    return Oracle(
        path="/products",
        rows=rows,
        wishes=[],
        orders={name: name for name in ("id", "internal_name", "name_en")},
        default=("id",),
        key=("id",),
        shown=columns("id", "name_en", "internal_name", "archive"),
    )


def test_the_oracle_knows_the_whole_list(oracle: Oracle) -> None:
    check_complete(oracle)


@given(data=st.data())
def test_every_page_is_the_oracles(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(oracle, data.draw(questions(oracle, list(demo_ledger.callers.values()))))


def test_a_product_that_is_no_longer_sold_is_still_there(demo_ledger: DemoLedger) -> None:
    assert demo_ledger.get("/products/8", caller="client")["archive"] is True
