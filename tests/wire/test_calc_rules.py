"""``/calc-rules`` against the oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import Oracle, check_complete, check_page, columns, questions
from tollbook.catalog.models import CalcRule


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    rows = list(CalcRule.objects.values())
    return Oracle(
        path="/calc-rules",
        rows=rows,
        wishes=[],
        orders={name: name for name in ("id", "name", "rule_type")},
        default=("id",),
        key=("id",),
        shown=columns("id", "name", "rule_type"),
    )


def test_the_oracle_knows_the_whole_list(oracle: Oracle) -> None:
    check_complete(oracle)


@given(data=st.data())
def test_every_page_is_the_oracles(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(oracle, data.draw(questions(oracle, list(demo_ledger.callers.values()))))


def test_all_five_published_types_are_there(demo_ledger: DemoLedger) -> None:
    types = {rule["rule_type"] for rule in demo_ledger.get("/calc-rules")["results"]}

    assert types == {"commit", "overcommit", "stepped", "staged", "commit_hourly"}
