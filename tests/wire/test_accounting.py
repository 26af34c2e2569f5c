"""``/accounting`` against the oracle: operations to the last digit, balances summed from them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import (
    Oracle,
    Row,
    amount,
    check_complete,
    check_filters_alone,
    check_page,
    flag,
    moment,
    moment_text,
    money_text,
    part,
    questions,
    whole,
)
from tollbook.credits.models import Action, Operation

ACCOUNTS = ["bonus.active", "bonus.issued", "bonus.spent", "bonus.expired", "bonus", "BONUS.ACTIVE"]
COLUMNS = {
    "company_name": "client__company_name",
    "reseller_id": "client__reseller_id",
    "seller_id": "client__seller_id",
}


@pytest.fixture(scope="module")
def rows(demo_ledger: DemoLedger) -> list[Row]:
    actions = {row["id"]: row for row in Action.objects.values()}
    own = [field.attname for field in Operation._meta.fields]
    return [
        {
            **row,
            **{name: row[column] for name, column in COLUMNS.items()},
            "value": row["credit"] if row["debit"] is None else row["debit"],
            "action": (action := actions[row["action_id"]]),
            "applying_at": action["applying_at"],
            "created_at": action["created_at"],
        }
        for row in Operation.objects.values(*own, *COLUMNS.values())
    ]


def shown_operation(row: Row) -> dict[str, Any]:
    action = row["action"]
    return {
        "id": str(row["id"]),
        "action": {
            "id": str(action["id"]),
            "created_at": moment_text(action["created_at"]),
            "parent": action["parent_id"] and str(action["parent_id"]),
            "applying_at": moment_text(action["applying_at"]),
            "type_code": action["type_code"],
            "details_json": action["details_json"],
            "deleted": action["deleted"],
            "object_id": action["object_id"],
            "object_type": action["object_type"],
        },
        "client_id": row["client_id"],
        "acc": row["acc"],
        "unit_code": row["unit_code"],
        "service": row["service"],
        "analytics": row["analytics"],
        "debit": money_text(row["debit"]),
        "credit": money_text(row["credit"]),
    }


@pytest.fixture(scope="module")
def operations(rows: list[Row]) -> Oracle:
    applying = [row["applying_at"] for row in rows]
    created = [row["created_at"] for row in rows]
    values = [row["value"] for row in rows]
    return Oracle(
        path="/accounting/operations",
        rows=rows,
        wishes=[
            whole("acc", "acc", ACCOUNTS),
            flag("actual_only", lambda row, only: not (only and row["action"]["deleted"])),
            moment("applying_at", lambda row, at: row["applying_at"] == at, applying),
            moment("applying_at__from", lambda row, at: row["applying_at"] >= at, applying),
            moment("applying_at__to", lambda row, at: row["applying_at"] <= at, applying),
            part("company_name", "company_name", rows),
            moment("created_at__from", lambda row, at: row["created_at"] >= at, created),
            moment("created_at__to", lambda row, at: row["created_at"] <= at, created),
            whole("id", "id", [*(row["id"] for row in rows[:20]), UUID(int=0)]),
            whole("unit_code", "unit_code", ["USD", "EUR", "usd", ""]),
            amount("value", lambda row, n: row["value"] == n, values),
            amount("value__exact", lambda row, n: row["value"] == n, values, json_number=True),
            amount("value__gt", lambda row, n: row["value"] > n, values, json_number=True),
            amount("value__gte", lambda row, n: row["value"] >= n, values, json_number=True),
            amount("value__lt", lambda row, n: row["value"] < n, values, json_number=True),
            amount("value__lte", lambda row, n: row["value"] <= n, values, json_number=True),
        ],
        orders={
            name: name
            for name in ("applying_at", "client_id", "created_at", "credit", "debit", "value")
        },
        default=("-applying_at",),
        key=("id",),
        shown=shown_operation,
        everyone=False,
    )


@examples(25)
@given(data=st.data())
def test_every_filter_alone_keeps_what_it_says(
    operations: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_filters_alone(operations, demo_ledger.callers["operator"], data)


@examples(200)
@given(data=st.data())
def test_every_page_of_operations_is_the_oracles(
    operations: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(operations, data.draw(questions(operations, list(demo_ledger.callers.values()))))


def summed(kept: Iterable[Row]) -> list[Row]:
    sums: dict[tuple[str, str, str], Row] = {}
    for row in kept:
        if row["action"]["deleted"]:
            continue
        names = {name: row[name] for name in ("acc", "unit_code", "service")}
        total = sums.setdefault(tuple(names.values()), {**names, "credit": None, "debit": None})
        for side in ("credit", "debit"):
            if row[side] is not None:
                total[side] = (total[side] or Decimal(0)) + row[side]
    return list(sums.values())


def shown_balance(row: Row) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("acc", "unit_code", "service")},
        **{f"{side}_amount": row[side] and float(row[side]) for side in ("credit", "debit")},
    }


@pytest.fixture(scope="module")
def balances(rows: list[Row]) -> Oracle:
    return Oracle(
        path="/accounting/balances",
        rows=rows,
        wishes=[
            whole("acc", "acc", ACCOUNTS),
            whole("unit_code", "unit_code", ["USD", "EUR", "usd", ""]),
        ],
        orders={"acc": "acc"},
        default=("acc",),
        key=("unit_code", "service"),
        shown=shown_balance,
        everyone=False,
        fold=summed,
        most=40,
    )


@examples(200)
@given(data=st.data())
def test_every_page_of_balances_is_the_oracles(
    balances: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(balances, data.draw(questions(balances, list(demo_ledger.callers.values()))))


def test_the_oracles_know_the_whole_lists(operations: Oracle, balances: Oracle) -> None:
    check_complete(operations)
    check_complete(balances)


def test_the_whole_book_balances_in_each_currency(rows: list[Row]) -> None:
    for code in ("USD", "EUR"):
        sums = [row for row in summed(rows) if row["unit_code"] == code]
        assert sum(row["debit"] or 0 for row in sums) == sum(row["credit"] or 0 for row in sums) > 0


def test_an_amount_on_the_wire_is_a_json_number_and_the_exact_one_is_text(
    demo_ledger: DemoLedger,
) -> None:
    balance = demo_ledger.get("/accounting/balances?acc=bonus.issued")["results"][0]
    page = demo_ledger.get("/accounting/operations?acc=bonus.issued&ordering=value")
    operation = page["results"][0]

    assert isinstance(balance["credit_amount"], float)
    assert balance["debit_amount"] is None
    assert (operation["debit"], operation["credit"]) == (None, "0.000000000001")


def test_anothers_operation_is_404_as_if_it_did_not_exist(
    rows: list[Row], demo_ledger: DemoLedger
) -> None:
    seller = demo_ledger.callers["seller1"]
    own = next(row["id"] for row in rows if seller.sees(row))
    other = next(row["id"] for row in rows if not seller.sees(row))

    assert demo_ledger.get(f"/accounting/operations/{own}", caller="seller1")["id"] == str(own)
    for name in (other, UUID(int=0), "1"):
        answer = seller.browser.get(f"/billing/org/v1/accounting/operations/{name}")
        assert answer.status_code == 404


@pytest.mark.parametrize("text", ["", "x", "1e", "--1", "NaN", "Infinity", "1e9999", "0x1", "١"])
def test_what_is_no_number_is_refused(text: str, demo_ledger: DemoLedger) -> None:
    browser = demo_ledger.callers["operator"].browser
    answer = browser.get("/billing/org/v1/accounting/operations", {"value__gt": text})

    assert answer.status_code == 400
    assert list(answer.json()) == ["value__gt"]
