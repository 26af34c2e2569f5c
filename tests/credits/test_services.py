"""Credits through their life: given, charged for months, taken back, expired."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from tests.credits.book import NOW, CreditBook
from tollbook.credits.models import Action, Grant, Operation
from tollbook.credits.rules import ActionType, CreditStatus
from tollbook.credits.selectors import GrantAt, visible_grants
from tollbook.credits.services import (
    Charge,
    charge_credits,
    expire_credits,
    grant_credit,
    reverse_charges,
)
from tollbook.credits.services.recording import record_move
from tollbook.kernel.errors import Conflict, Forbidden, InvalidFields

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
Lines = list[tuple[str, str, Decimal, Decimal]]


def lines(**nets: str) -> Lines:
    """A line for each product category that is named, keyed by it."""
    return [(name, name, Decimal(net), Decimal(20)) for name, net in nets.items()]


def charged(book: CreditBook, owed: Lines, *, month: date = OCTOBER) -> list[Charge]:
    return charge_credits(
        client_id=book.client.pk, currency="EUR", lines=owed, now=NOW, month=month
    )


def amounts(charges: list[Charge]) -> dict[str, str]:
    return {charge.key: f"{charge.amount:f}" for charge in charges}


def test_a_credit_that_is_given_may_be_spent_and_balances(book: CreditBook) -> None:
    grant = book.give("20.000000000001", categories=[book.delivery, book.security])
    assert book.balances() == {
        "bonus.active": Decimal("20.000000000001"),
        "bonus.issued": Decimal("-20.000000000001"),
    }
    assert set(Operation.objects.values_list("service", flat=True)) == {"Delivery, Security"}
    assert grant.action.applying_at == datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"client_id": 2_000_000_000}, "client_id"),
        ({"currency": "XXX"}, "currency"),
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("1e24")}, "amount"),
        ({"amount": Decimal("1e-13")}, "amount"),
        ({"valid_to": NOW}, "valid_to"),
        ({"product_categories": [2_000_000_000]}, "product_categories"),
        ({"comment": "x" * 1001}, "comment"),
    ],
)
def test_what_cannot_be_given_is_refused_by_its_field(
    book: CreditBook, wrong: dict[str, Any], field: str
) -> None:
    agreed = {"client_id": book.client.pk, "amount": Decimal(5), "currency": "EUR"}
    with pytest.raises(InvalidFields) as caught:
        grant_credit(viewer=book.operator, valid_from=NOW, now=NOW, **{**agreed, **wrong})
    assert list(caught.value.errors) == [field]
    assert not Action.objects.exists()


def test_only_the_operator_gives_credits(book: CreditBook) -> None:
    with pytest.raises(Forbidden):
        grant_credit(
            viewer=book.admin,
            client_id=book.client.pk,
            amount=Decimal(5),
            currency="EUR",
            valid_from=NOW,
            now=NOW,
        )


def test_the_same_request_gives_one_credit_and_another_under_its_id_is_refused(
    book: CreditBook,
) -> None:
    agreed = {
        "viewer": book.operator,
        "client_id": book.client.pk,
        "currency": "EUR",
        "valid_from": NOW,
        "now": NOW,
        "request_id": uuid4(),
    }
    first = grant_credit(amount=Decimal("5.50"), **agreed)
    again = grant_credit(amount=Decimal("5.5"), **agreed)
    assert first.pk == again.pk == agreed["request_id"]
    assert Grant.objects.count() == 1
    with pytest.raises(Conflict):
        grant_credit(amount=Decimal(6), **agreed)


def test_a_charge_moves_credit_from_what_may_be_spent_to_what_was(book: CreditBook) -> None:
    grant = book.give("20")
    (charge,) = charged(book, lines(Delivery="90"))
    assert (charge.key, charge.amount, charge.tax_rate) == ("Delivery", 20, 20)
    assert charge.grant_id == grant.pk
    assert book.balances() == {"bonus.spent": Decimal(20), "bonus.issued": Decimal(-20)}
    action = Action.objects.get(pk=charge.action_id)
    assert (action.parent_id, action.object_type) == (grant.pk, "closing")
    assert action.object_id == f"{book.client.pk}/2026-10/EUR"


def test_charging_the_same_closing_again_gives_the_same_and_moves_nothing(
    book: CreditBook,
) -> None:
    book.give("50", categories=[book.security])
    book.give("20")
    owed = lines(Delivery="90", Security="30")
    first = charged(book, owed)
    moved = set(Operation.objects.values_list("pk", flat=True))
    book.give("1000")
    assert charged(book, owed) == first
    assert amounts(first) == {"Delivery": "20.000000000000", "Security": "30.000000000000"}
    later = set(Operation.objects.values_list("pk", flat=True)) - moved
    assert {Operation.objects.get(pk=pk).action.type_code for pk in later} == {ActionType.CREDIT}


def test_a_closing_that_is_repeated_with_other_lines_takes_back_what_it_had_charged(
    book: CreditBook,
) -> None:
    book.give("100")
    charged(book, lines(Delivery="90"))
    again = charged(book, lines(Delivery="30", Security="5"))
    assert amounts(again) == {"Delivery": "30.000000000000", "Security": "5.000000000000"}
    assert book.balances()["bonus.active"] == Decimal(65)
    assert Action.objects.filter(deleted=True, type_code=ActionType.CHARGE).count() == 1


def test_what_one_month_used_is_not_there_for_the_next(book: CreditBook) -> None:
    book.give("100")
    assert amounts(charged(book, lines(Delivery="90"))) == {"Delivery": "90.000000000000"}
    later = charged(book, lines(Delivery="90"), month=NOVEMBER)
    assert amounts(later) == {"Delivery": "10.000000000000"}
    assert charged(book, lines(Delivery="7"), month=date(2026, 12, 1)) == []


def test_an_undone_closing_gives_the_credit_back(book: CreditBook) -> None:
    book.give("20")
    charged(book, lines(Delivery="90"))
    undone = {"client_id": book.client.pk, "currency": "EUR", "month": OCTOBER, "now": NOW}
    assert reverse_charges(**undone) == 1
    assert reverse_charges(**undone) == 0
    assert book.balances()["bonus.active"] == Decimal(20)


@pytest.mark.parametrize(
    ("valid", "used"),
    [
        (("2026-10-01", "2026-11-01"), True),
        (("2026-10-10", "2026-10-15"), True),
        (("2026-10-31", None), True),
        (("2026-09-01", "2026-10-01"), False),
        (("2026-11-01", None), False),
    ],
)
def test_a_credit_pays_for_the_months_that_its_time_touches(
    book: CreditBook, valid: tuple[str, str | None], used: bool
) -> None:
    book.give("20", valid=valid)
    assert bool(charged(book, lines(Delivery="90"))) is used


def test_a_credit_of_another_currency_pays_for_nothing(book: CreditBook) -> None:
    book.give("20", currency="USD")
    assert charged(book, lines(Delivery="90")) == []


def test_credits_expire_once(book: CreditBook) -> None:
    book.give("20", valid=("2026-10-01", "2026-11-01"))
    book.give("7")
    assert expire_credits(datetime(2026, 10, 31, 23, 59, tzinfo=UTC)) == 0
    assert expire_credits(NOW) == 1
    assert expire_credits(NOW) == 0
    assert book.balances() == {
        "bonus.active": Decimal(7),
        "bonus.expired": Decimal(20),
        "bonus.issued": Decimal(-27),
    }


def test_a_month_that_is_closed_late_still_finds_what_has_expired_since(book: CreditBook) -> None:
    book.give("20", valid=("2026-10-01", "2026-11-01"))
    expire_credits(NOW)
    charges = charged(book, lines(Delivery="15"))
    assert amounts(charges) == {"Delivery": "15.000000000000"}
    assert book.balances() == {
        "bonus.spent": Decimal(15),
        "bonus.expired": Decimal(5),
        "bonus.issued": Decimal(-20),
    }
    assert charged(book, lines(Delivery="15")) == charges
    assert charged(book, lines(Delivery="15"), month=NOVEMBER) == []


def test_charges_at_the_same_time_never_spend_a_credit_twice(book: CreditBook) -> None:
    book.give("100")
    months = [date(2026, 10 + number, 1) for number in range(3)] + [date(2027, 1, 1)]
    together = Barrier(len(months))

    def close(month: date) -> Decimal:
        together.wait(timeout=600)
        try:
            return sum(each.amount for each in charged(book, lines(Delivery="40"), month=month))
        finally:
            connection.close()

    with ThreadPoolExecutor(len(months)) as threads:
        used = list(threads.map(close, months))
    assert sorted(used) == [0, 20, 40, 40]
    assert book.balances() == {"bonus.spent": Decimal(100), "bonus.issued": Decimal(-100)}


def test_one_closing_twice_at_once_charges_once(book: CreditBook) -> None:
    book.give("100")
    together = Barrier(2)

    def close(_: int) -> list[Charge]:
        together.wait(timeout=600)
        try:
            return charged(book, lines(Delivery="40"))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(close, range(2))
    assert first == second
    assert book.balances()["bonus.spent"] == Decimal(40)


def test_the_database_refuses_to_spend_more_than_was_given(book: CreditBook) -> None:
    grant = book.give("20")
    with pytest.raises(IntegrityError, match=r"would be overspent by 0\.5"), transaction.atomic():
        record_move(grant, ActionType.CHARGE, Decimal("20.5"), applying_at=NOW, now=NOW)
    charged(book, lines(Delivery="20"))
    with pytest.raises(IntegrityError, match="would be overspent"), transaction.atomic():
        Action.objects.filter(pk=grant.pk).update(deleted=True)


def test_each_credit_tells_what_is_left_of_it_and_where_it_stands(book: CreditBook) -> None:
    book.give("20", categories=[book.security])
    book.give("30")
    book.give("9", valid=("2026-10-01", "2026-11-01"))
    book.give("8", valid=("2026-12-01", None))
    charged(book, lines(Security="25"))
    expire_credits(NOW)
    seen = visible_grants(book.admin).order_by("amount")
    told = [(each.amount, each.left, each.spent, GrantAt(each, NOW).status) for each in seen]
    assert told == [
        (8, 8, 0, CreditStatus.UPCOMING),
        (9, 0, 9, CreditStatus.USED),
        (20, 4, 16, CreditStatus.ACTIVE),
        (30, 30, 0, CreditStatus.ACTIVE),
    ]
