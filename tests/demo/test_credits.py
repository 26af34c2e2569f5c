"""Bonus credits of the demo book: they balance, and nothing is charged that is not there."""

from collections import defaultdict
from decimal import Decimal

import pytest
from django.db import connection

from tollbook.catalog.models import Currency, ProductCategory
from tollbook.credits.models import Action, Operation
from tollbook.credits.rules import Account, ActionType
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.models import InvoiceItem
from tollbook.invoicing.rules import MoveType

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


@pytest.mark.long
def test_what_was_charged_of_a_closed_month_stands_in_it_and_on_its_invoice() -> None:
    charged: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for side in Operation.objects.filter(acc=Account.SPENT, action__deleted=False):
        paid_for = Expense.objects.get(pk=side.action.object_id)
        charged[_place(paid_for, paid_for.for_date.month)] += side.debit or 0

    posted = Expense.objects.filter(kind=ExpenseKind.CREDIT)
    assert {_place(row, row.for_date.month): -row.money_value for row in posted} == charged
    assert all(row.usage == 0 and row.for_date.day in {30, 31} for row in posted)
    billed: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for item in InvoiceItem.objects.filter(kind=ExpenseKind.CREDIT).select_related("invoice"):
        sign = -1 if item.invoice.move_type == MoveType.OUT_INVOICE else 1
        billed[_place(item, item.invoice.month.month)] += sign * item.amount
    assert billed == charged


def _place(row: Expense | InvoiceItem, month: int) -> tuple[object, ...]:
    return row.addendum_id, row.plan_item_id, month
