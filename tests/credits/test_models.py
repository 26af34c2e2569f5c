"""The database itself refuses a book of credits that does not balance."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tollbook.clients.models import Client, Payer, Reseller
from tollbook.credits.models import Action, Operation
from tollbook.credits.rules import Account, ActionType

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client_of_book() -> Client:
    reseller = Reseller.objects.create(company_name="North")
    payer = Payer.objects.create(reseller=reseller, company_name="Payer")
    return Client.objects.create(reseller=reseller, payer=payer, company_name="Client")


def record(client: Client, *sides: tuple[str, str, str]) -> Action:
    with transaction.atomic():
        action = Action.objects.create(type_code=ActionType.CREDIT, applying_at=timezone.now())
        for account, side, amount in sides:
            Operation.objects.create(
                action=action, client=client, acc=account, unit_code="USD", **{side: amount}
            )
    return action


def test_an_action_that_balances_is_kept(client_of_book: Client) -> None:
    action = record(
        client_of_book,
        (Account.ACTIVE, "debit", "20.000000000001"),
        (Account.ISSUED, "credit", "20.000000000001"),
    )
    assert action.operations.count() == 2


def test_one_that_is_off_by_the_last_decimal_is_refused(client_of_book: Client) -> None:
    with pytest.raises(IntegrityError, match="does not balance in USD"):
        record(
            client_of_book,
            (Account.ACTIVE, "debit", "20.000000000001"),
            (Account.ISSUED, "credit", "20"),
        )
    assert not Operation.objects.exists()


def test_taking_one_side_away_is_refused(client_of_book: Client) -> None:
    action = record(client_of_book, (Account.ACTIVE, "debit", "5"), (Account.ISSUED, "credit", "5"))
    with pytest.raises(IntegrityError, match="does not balance"):
        action.operations.filter(acc=Account.ISSUED).delete()
    assert action.operations.count() == 2


def test_an_operation_with_both_sides_is_refused(client_of_book: Client) -> None:
    action = record(client_of_book)
    with pytest.raises(IntegrityError, match="operation_has_one_side"):
        Operation.objects.create(
            action=action,
            client=client_of_book,
            acc="bonus.active",
            unit_code="USD",
            debit="1",
            credit="1",
        )
