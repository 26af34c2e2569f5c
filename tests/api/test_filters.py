"""Filters as data: many values, null among them, both forms of lists."""

from typing import Any

import pytest

from tests.reports.book import open_book
from tollbook.api.filters import Filter, any_of, field, read_filters
from tollbook.api.kinds import BOOLEAN, INTEGER, TEXT, one_of
from tollbook.api.ordering import Ordering
from tollbook.clients.models import Client

SELLER = Filter("seller_id", INTEGER, any_of("seller_id"), "", several=True, nullable=True)
NAME = Filter("company_name", TEXT, field("company_name__icontains"), "")
ORDERING = Ordering({"id": "id", "name": "company_name"}, default=("-name",), key="id")


def test_many_values_and_null_among_them_are_any_of_them(db: Any) -> None:
    book = open_book()
    seller = book.seller.user_id

    def found(*texts: str) -> set[int]:
        conditions, errors = read_filters((SELLER,), {"seller_id": texts})
        assert errors == {}
        return set(Client.objects.filter(*conditions).values_list("id", flat=True))

    assert found(str(seller)) == {book.fjord.pk}
    assert found("null") == {book.brook.pk, book.sand.pk}
    assert found("null", str(seller)) == {book.fjord.pk, book.brook.pk, book.sand.pk}
    assert found(f"{seller},null") == {book.fjord.pk, book.brook.pk, book.sand.pk}
    assert found("0") == set()


def test_names_match_a_part_in_any_case_and_no_pattern(db: Any) -> None:
    book = open_book()

    def found(text: str) -> set[int]:
        conditions, _ = read_filters((NAME,), {"company_name": [text]})
        return set(Client.objects.filter(*conditions).values_list("id", flat=True))

    assert found("SOUTH") == {book.sand.pk}
    assert found("ÅSE") == {book.fjord.pk}
    assert found("北") == {book.fjord.pk}
    assert found("%") == found("_") == found("S%d") == set()
    assert found('"åse" <&>') == {book.fjord.pk}


def test_every_wrong_value_is_named() -> None:
    conditions, errors = read_filters(
        (SELLER, NAME, Filter("deleted", BOOLEAN, field("deleted"), "")),
        {"seller_id": ["1,x"], "deleted": ["yes"], "company_name": ["a", "b"]},
    )

    assert conditions == []
    assert errors.keys() == {"seller_id", "deleted", "company_name"}


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ({}, ("-name", "id")),
        ({"ordering": ["name"]}, ("company_name", "id")),
        ({"ordering": ["-id"]}, ("-id",)),
        ({"ordering": ["name,-id"]}, ("company_name", "-id")),
        ({"ordering": ["name", "-name"]}, ("company_name", "id")),
        ({"order_by": ["id.desc,name.asc"]}, ("-id", "company_name")),
        ({"ordering": ["name"], "order_by": ["id.desc"]}, ("company_name", "-id")),
    ],
)
def test_orders_are_read_and_ended_by_the_key(
    query: dict[str, list[str]], order: tuple[str, ...]
) -> None:
    assert ORDERING.read(query) == (order, {})


def test_the_document_shows_each_filter_as_it_is_taken() -> None:
    assert SELLER.parameter()["schema"]["items"]["type"] == ["integer", "null"]
    assert SELLER.parameter()["explode"] is True
    several = Filter("code", one_of(("a", "b")), any_of("code"), "", several=True, commas=True)
    assert several.parameter()["explode"] is False
    assert several.parameter()["schema"]["items"]["enum"] == ["a", "b"]
