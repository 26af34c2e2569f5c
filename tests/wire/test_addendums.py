"""``/addendums`` against the oracle, and where each stands at a moment."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import (
    Oracle,
    Row,
    active_range_wishes,
    check_complete,
    check_filters_alone,
    check_page,
    day,
    moment,
    moment_text,
    part,
    questions,
    several,
    whole,
)
from tollbook.contracts.models import Addendum

COLUMNS = {
    "company_name": "client__company_name",
    "payer_id": "client__payer_id",
    "reseller_id": "client__reseller_id",
    "seller_id": "client__seller_id",
    "plan_name": "plan__name",
    "product_id": "plan__product_id",
    "product_name": "plan__product__name_en",
    "product_internal_name": "plan__product__internal_name",
    "char_code": "currency__char_code",
    "symbol": "currency__symbol",
}


def load_rows() -> list[Row]:
    own = [field.attname for field in Addendum._meta.fields]
    found = Addendum.objects.values(*own, *COLUMNS.values())
    return [{**row, **{name: row[column] for name, column in COLUMNS.items()}} for row in found]


def shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "client_id": row["client_id"],
        "client": {"id": row["client_id"], "company_name": row["company_name"]},
        "status": row["status"],
        "active_range": {
            "start": moment_text(row["active_from"]),
            "end": moment_text(row["active_to"]),
        },
        "created_at": moment_text(row["created_at"]),
        "currency": {
            "id": row["currency_id"],
            "char_code": row["char_code"],
            "symbol": row["symbol"],
        },
        "plan": {"id": row["plan_id"], "name": row["plan_name"]},
        "product": {
            "id": row["product_id"],
            "name": row["product_name"],
            "internal_name": row["product_internal_name"],
        },
    }


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    rows = load_rows()
    created = [row["created_at"] for row in rows]
    ids = [row["id"] for row in rows]
    return Oracle(
        path="/addendums",
        rows=rows,
        wishes=[
            *active_range_wishes(rows, "active_from", "active_to"),
            several("addendum_id", "id", [*ids, None]),
            several("client_id", "client_id", [1001, 1002, 1010, 1011, 1042, 1, 101]),
            part("company_name", "company_name", rows),
            moment("created_after", lambda row, at: row["created_at"] > at, created),
            moment("created_before", lambda row, at: row["created_at"] < at, created),
            day(
                "created_on",
                lambda row, on: row["created_at"].date() == on,
                [*(at.date() for at in created), date(2026, 11, 2), date.max, date.min],
            ),
            several("currency_char_code", "char_code", ["USD", "EUR", "eur", "XXX"]),
            several("currency_id", "currency_id", [1, 2, 3]),
            whole("id", "id", [*ids, 0, -1, 2**31 - 1]),
            several("payer_id", "payer_id", [*(row["payer_id"] for row in rows), None]),
            several("plan_id", "plan_id", [11, 12, 13, 51, 999]),
            part("plan_name", "plan_name", rows),
            several("product_id", "product_id", [1, 2, 5, 32, 99]),
            several("product_internal_name", "product_internal_name", ["CDN", "cdn", "CLOUD"]),
            part("product_name", "product_name", rows),
            several("provider_id", "reseller_id", [101, 102, 103, 104, 1001]),
            whole("reseller_id", "reseller_id", [101, 102, 103, 104]),
            several("status", "status", ["active", "paused", "stopped", "upcoming"]),
        ],
        orders={
            "active_range_end": "active_to",
            "active_range_start": "active_from",
            "client_id": "client_id",
            "created_at": "created_at",
            "id": "id",
            "plan_id": "plan_id",
            "plan_name": "plan_name",
            "product_id": "product_id",
            "product_name": "product_name",
        },
        default=("id",),
        key=("id",),
        shown=shown,
        hidden={"status_at_active_at"},
        everyone=False,
    )


def test_the_oracle_knows_the_whole_list(oracle: Oracle) -> None:
    check_complete(oracle)


@pytest.mark.long
@examples(25)
@given(data=st.data())
def test_every_filter_alone_keeps_what_it_says(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_filters_alone(oracle, demo_ledger.callers["operator"], data)


@examples(300)
@given(data=st.data())
def test_every_page_is_the_oracles(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(oracle, data.draw(questions(oracle, list(demo_ledger.callers.values()))))


def test_the_status_at_a_moment_is_there_when_it_is_asked_and_only_then(
    demo_ledger: DemoLedger,
) -> None:
    def statuses(query: str) -> set[str | None]:
        page = demo_ledger.get(f"/addendums?limit=100&{query}")
        assert page["results"]
        return {item["status_at_active_at"] for item in page["results"]}

    assert statuses("") == statuses("not_active_at=2026-10-01") == {None}
    assert statuses("active_at=2026-09-30T23:59:59.999999&status=stopped") == {"active"}
    assert statuses("active_at=2027-01-05&status=upcoming") == {"active"}
    assert statuses("active_at=2026-10-01&status=paused") == {"paused"}


def test_another_sellers_addendum_is_404_as_if_it_did_not_exist(demo_ledger: DemoLedger) -> None:
    seller = demo_ledger.callers["seller1"]
    rows = load_rows()
    own = next(row["id"] for row in rows if seller.sees(row))
    others = [row["id"] for row in rows if not seller.sees(row)]

    assert demo_ledger.get(f"/addendums/{own}", caller="seller1")["id"] == own
    for number in (others[0], others[-1], 2**31 - 1):
        assert seller.browser.get(f"/billing/org/v1/addendums/{number}").status_code == 404
