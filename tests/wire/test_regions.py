"""``/regions`` against the oracle."""

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
    columns,
    questions,
    whole,
)
from tollbook.catalog.models import Region


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    rows = list(Region.objects.values())
    return Oracle(
        path="/regions",
        rows=rows,
        wishes=[whole("country_id", "country_id", ("US", "DE", "de", "AQ", "", "%"))],
        orders={name: name for name in ("code", "country_id", "name")},
        default=("id",),
        key=("id",),
        shown=columns("id", "code", "name", "country_id"),
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
