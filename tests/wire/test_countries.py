"""``/countries`` against the oracle."""

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
    flag,
    part,
    questions,
    whole,
)
from tollbook.catalog.models import Country


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    rows = list(Country.objects.values())
    return Oracle(
        path="/countries",
        rows=rows,
        wishes=[
            whole("code", "code", ("FI", "fi", "CI", "XX", "", "É")),
            flag("disabled", lambda row, asked: row["disabled"] is asked),
            part("name", "name", rows),
            whole("zone", "zone", ("RU", "EU", "OTHER")),
        ],
        orders={name: name for name in ("code", "name", "zone")},
        default=("code",),
        key=("code",),
        shown=columns("code", "name", "zone", "currency_id", "disabled"),
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


@pytest.mark.parametrize("code", ["fi", "F", "FIN", "XX", "12", "%46I%0A", "É1"])
def test_what_is_no_code_of_a_country_here_is_404(code: str, demo_ledger: DemoLedger) -> None:
    answer = demo_ledger.callers["admin1"].browser.get(f"/billing/org/v1/countries/{code}")

    assert answer.status_code == 404
