"""``GET /expenses/{id}?explain=1``: every step, for those who may see the expense."""

from decimal import Decimal

import pytest

from tests.expenses.rated_book import RatedBook, open_rated_book
from tests.wire.book import Callers
from tests.wire.conftest import Ask
from tollbook.expenses.models import Expense

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(callers: Callers) -> RatedBook:
    """A day of usage with every step in it."""
    made = open_rated_book(callers.book)
    made.use("requests", 2, "10.5")
    made.rate()
    return made


def row_of(book: RatedBook) -> Expense:
    return book.live("requests", client=book.fjord)[0]


def test_every_step_is_an_exact_string(book: RatedBook, ask: Ask) -> None:
    answer = ask("GET", f"/expenses/{row_of(book).pk}?explain=1").json()

    explained = answer["explanation"]
    assert (explained["origin"], explained["matches"]) == ("usage", True)
    assert explained["records"]["count"] == 1
    assert explained["records"]["shown"][0]["amount"] == "10.5"
    assert explained["quantity"]["rounding"] == {"way": "ceil", "multiple": "1"}
    assert explained["quantity"]["billed"] == "11"
    assert explained["month"]["before"]["cost"] == "0"
    assert explained["month"]["after"]["slices"] == [
        {"threshold": "0", "price": "1", "quantity": "10", "amount": "10"},
        {"threshold": "10", "price": "0.5", "quantity": "1", "amount": "0.5"},
    ]
    assert explained["charge"]["rated"] == "10.5"
    assert Decimal(explained["charge"]["money_value"]) == Decimal(answer["money_value"])
    assert Decimal(explained["charge"]["tax_value"]) == Decimal(answer["tax_value"])
    assert explained["fees"] == []


def test_a_commit_frees_nothing_in_a_region_that_it_does_not_cover(
    book: RatedBook, ask: Ask
) -> None:
    book.limit("commit", "Europe")
    book.use("traffic", 3, "12000", region="Asia")
    book.rate()
    (row,) = book.live("traffic", client=book.fjord)

    month = ask("GET", f"/expenses/{row.pk}?explain=1").json()["explanation"]["month"]

    assert (month["committed"], month["commit_used"], month["commit_left"]) == ("0", "0", "0")
    assert (month["after"]["priced"], month["after"]["cost"]) == ("12", "5.8")


@pytest.mark.parametrize("query", ["", "?explain=0", "?explain=false"])
def test_the_published_answer_stays_as_it_is(book: RatedBook, ask: Ask, query: str) -> None:
    answer = ask("GET", f"/expenses/{row_of(book).pk}{query}")

    assert answer.status_code == 200
    assert "explanation" not in answer.json()


@pytest.mark.parametrize("query", ["?explain=yes", "?explain=", "?explain=1&explain=1"])
def test_another_value_is_refused_by_name(book: RatedBook, ask: Ask, query: str) -> None:
    answer = ask("GET", f"/expenses/{row_of(book).pk}{query}")

    assert answer.status_code == 400
    assert list(answer.json()) == ["explain"]


@pytest.mark.parametrize(
    ("name", "status"),
    [("operator", 200), ("admin", 200), ("seller", 200), ("client", 200), ("stranger", 404)],
)
def test_who_may_see_the_expense_may_see_its_steps(
    book: RatedBook, callers: Callers, ask: Ask, name: str, status: int
) -> None:
    key = getattr(callers, name)

    seen = ask("GET", f"/expenses/{row_of(book).pk}?explain=1", key=key)
    nothing = ask("GET", "/expenses/9223372036854775807?explain=1", key=key)

    assert (seen.status_code, nothing.status_code) == (status, 404)
