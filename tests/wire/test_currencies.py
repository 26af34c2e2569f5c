"""``/currencies`` against the oracle."""

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
    part,
    questions,
    several,
)
from tollbook.catalog.models import Currency


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    rows = list(Currency.objects.values())
    return Oracle(
        path="/currencies",
        rows=rows,
        wishes=[
            several("currency_char_code", "char_code", ("USD", "EUR", "eur", "XXX")),
            several("currency_id", "id", (1, 2, 3, -1, 2**31 - 1)),
            part("name_en", "name_en", rows),
        ],
        orders={name: name for name in ("char_code", "name_en", "number_code")},
        default=("id",),
        key=("id",),
        shown=columns("id", "char_code", "number_code", "name_en", "symbol"),
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


def test_clients_may_rely_on_the_numbers_of_currencies(demo_ledger: DemoLedger) -> None:
    assert demo_ledger.get("/currencies/1")["char_code"] == "USD"
    assert demo_ledger.get("/currencies/2")["char_code"] == "EUR"
