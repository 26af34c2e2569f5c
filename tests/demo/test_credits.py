"""Bonus credits of the demo book: they balance, and nothing is charged that is not there."""

from collections import defaultdict
from decimal import Decimal

import pytest
from django.db import connection

from tollbook.catalog.models import Currency, ProductCategory
from tollbook.credits.models import Action, Operation
from tollbook.credits.rules import Account, ActionType
from tollbook.expenses.models import Expense

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("demo_book"),
    pytest.mark.xdist_group("demo_book"),
]


def test_the_database_itself_finds_every_action_balanced() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for action in Action.objects.prefetch_related("operations"):
        debits = [side.debit for side in action.operations.all() if side.debit is not None]
        given = [side.credit for side in action.operations.all() if side.credit is not None]
        assert debits == given
        assert len(debits) == 1


def test_every_account_type_currency_and_several_services_are_there() -> None:
    assert set(Operation.objects.values_list("acc", flat=True)) == set(Account.values)
    assert set(Action.objects.values_list("type_code", flat=True)) == set(ActionType.values)
    codes = set(Currency.objects.values_list("char_code", flat=True))
    assert set(Operation.objects.values_list("unit_code", flat=True)) == codes
    services = set(Operation.objects.values_list("service", flat=True))
    assert "" in services
    assert len(services) >= 4
    assert services - {""} <= set(ProductCategory.objects.values_list("name", flat=True))
    deleted = Action.objects.filter(deleted=True)
    assert set(deleted.values_list("type_code", flat=True)) == {"bonus.credit", "bonus.charge"}


def test_no_credit_is_spent_twice_and_some_is_left_of_some() -> None:
    left: dict[object, Decimal] = defaultdict(Decimal)
    active = Operation.objects.filter(acc=Account.ACTIVE, action__deleted=False)
    for side in active.select_related("action"):
        left[side.action.parent_id or side.action_id] += (side.debit or 0) - (side.credit or 0)

    assert min(left.values()) == 0
    assert sum(amount > 0 for amount in left.values()) >= 20


def test_a_charge_is_for_a_live_expense_of_the_same_client_currency_and_service_once() -> None:
    charges = Operation.objects.filter(acc=Account.SPENT, action__deleted=False)
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for side in charges.select_related("action__parent"):
        action = side.action
        expense = Expense.objects.select_related("currency", "product_category").get(
            pk=action.object_id
        )
        assert action.object_type == "expense"
        assert expense.client_id == side.client_id
        assert expense.currency.char_code == side.unit_code
        assert side.service in ("", expense.product_category.name)
        assert not expense.deleted
        assert action.parent.applying_at.date() <= expense.for_date < action.applying_at.date()
        assert not action.parent.deleted
        paid[action.object_id] += side.debit
        assert paid[action.object_id] <= expense.money_value
    assert len(paid) >= 100
