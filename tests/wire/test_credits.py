"""``/accounting/credits`` over HTTP: given by the operator, seen by whose clients got them."""

from typing import Any
from uuid import uuid4

import pytest

from tests.wire.book import Callers
from tests.wire.conftest import Ask
from tollbook.catalog.models import ProductCategory
from tollbook.credits.models import Grant, Operation

CREDITS = "/accounting/credits"


def agreed(callers: Callers, **change: Any) -> dict[str, Any]:
    told = {
        "client_id": callers.book.fjord.pk,
        "amount": "12.500000000001",
        "currency": "EUR",
        "valid_from": "2026-11-01",
        "valid_to": "2099-02-01T12:00:00+01:00",
    }
    return {**told, **change}


def test_a_credit_is_given_and_seen_everywhere(ask: Ask, callers: Callers) -> None:
    category = ProductCategory.objects.order_by("pk").first()
    assert category
    body = agreed(callers, product_categories=[category.pk], comment="welcome")
    answer = ask("POST", CREDITS, body=body, key=callers.operator)
    given = answer.json()
    assert answer.status_code == 201
    assert answer["Request-Id"] == given["id"]
    assert given | {"id": "", "created_at": "", "status": ""} == {
        "id": "",
        "client_id": callers.book.fjord.pk,
        "unit_code": "EUR",
        "amount": "12.500000000001",
        "left": "12.500000000001",
        "spent": "0.000000000000",
        "expired": "0.000000000000",
        "valid_from": "2026-11-01T00:00:00.000000Z",
        "valid_to": "2099-02-01T11:00:00.000000Z",
        "product_categories": [{"id": category.pk, "name": category.name}],
        "comment": "welcome",
        "status": "",
        "created_at": "",
    }
    for key in (callers.admin, callers.seller, callers.client):
        assert ask("GET", CREDITS, key=key).json()["results"] == [given]
        sides = ask("GET", "/accounting/operations", key=key).json()["results"]
        assert {side["action"]["id"] for side in sides} == {given["id"]}
        assert {side["service"] for side in sides} == {category.name}
    balances = ask("GET", "/accounting/balances").json()["results"]
    assert {(each["acc"], each["debit_amount"], each["credit_amount"]) for each in balances} == {
        ("bonus.active", 12.500000000001, None),
        ("bonus.issued", None, 12.500000000001),
    }
    assert ask("GET", CREDITS, key=callers.stranger).json()["count"] == 0


def test_the_same_request_gives_one_credit(ask: Ask, callers: Callers) -> None:
    headers = {"Request-Id": str(uuid4())}
    told = {"key": callers.operator, "headers": headers}
    answers = [ask("POST", CREDITS, body=agreed(callers), **told) for _ in range(2)]
    assert [answer.json()["id"] for answer in answers] == [headers["Request-Id"]] * 2
    assert Operation.objects.count() == 2
    other = ask("POST", CREDITS, body=agreed(callers, amount="1"), **told)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_id": 2_147_483_647}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": "1.0000000000001"}, "amount"),
        ({"amount": "1" * 25}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": 5}, "currency"),
        ({"valid_from": "yesterday"}, "valid_from"),
        ({"valid_to": "2026-11-01"}, "valid_to"),
        ({"product_categories": []}, "product_categories"),
        ({"product_categories": [2_147_483_647]}, "product_categories"),
        ({"comment": "x" * 1001}, "comment"),
        ({"gift": True}, "gift"),
    ],
)
def test_what_cannot_be_given_is_named(
    ask: Ask, callers: Callers, change: dict[str, Any], field: str
) -> None:
    answer = ask("POST", CREDITS, body=agreed(callers, **change), key=callers.operator)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Grant.objects.exists()


def test_only_the_operator_gives(ask: Ask, callers: Callers) -> None:
    for key in (callers.admin, callers.seller, callers.client, callers.stranger):
        assert ask("POST", CREDITS, body=agreed(callers), key=key).status_code == 403
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("unit_code=EUR", 1),
        ("unit_code=eur", 0),
        ("valid_to__from=2099-01-01", 2),
        ("valid_to__to=2099-01-01", 0),
        ("company_name=no-such", 0),
        ("ordering=-left,valid_to,valid_from,amount,client_id,created_at", 2),
    ],
)
def test_credits_are_found_by_their_filters(
    ask: Ask, callers: Callers, query: str, count: int
) -> None:
    for currency in ("EUR", "USD"):
        ask("POST", CREDITS, body=agreed(callers, currency=currency), key=callers.operator)
    page = ask("GET", CREDITS, QUERY_STRING=query).json()
    assert page["count"] == len(page["results"]) == count
