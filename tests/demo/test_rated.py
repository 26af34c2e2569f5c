"""Every expense of the demo book is what the contract's rule gives for its usage."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest

from tollbook.catalog.models import PlanItem, Price
from tollbook.clients.models import Payer
from tollbook.contracts.models import Discount, Subscription
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.periods import month_of
from tollbook.rating.charge import Charge, charge
from tollbook.rating.commit import first_commit_fee
from tollbook.rating.ladder import PriceStage, ladder_of
from tollbook.rating.rules import AMOUNT_OF, CalcRule, Terms, posting
from tollbook.rating.usage import RoundWay

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("demo_book"),
    pytest.mark.xdist_group("demo_book"),
]
HOUR = timedelta(hours=1)


class Contracts:
    """Prices, commits, discounts and taxes as the ledger has them."""

    def __init__(self) -> None:
        prices = Price.objects.prefetch_related("stages")
        self.ladders = {
            (price.plan_item_id, price.currency_id): ladder_of(
                price.money_value,
                [PriceStage(s.threshold, s.money_value) for s in price.stages.all()],
            )
            for price in prices
        }
        self.subscriptions = Subscription.objects.in_bulk()
        self.discounts = Discount.objects.in_bulk()
        self.tax_rates = dict(Payer.objects.values_list("id", "tax_rate"))
        self.items = PlanItem.objects.select_related("calc_rule", "rounding_rule").in_bulk()
        self.commits: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for own in self.subscriptions.values():
            item = self.items[own.plan_item_id]
            if item.calc_rule.rule_type == CalcRule.COMMIT:
                self.commits[own.addendum_id, item.feature_id] += own.quantity

    def terms(self, expense: Any) -> Terms:
        """What rating needs to know of the expense's line."""
        return Terms(
            self.ladders[expense.plan_item_id, expense.currency_id],
            self.commits[expense.addendum_id, expense.feature_id],
        )


def live_lines() -> Iterator[list[Any]]:
    """Live expenses of one plan item of one addendum in one region, as they came to count."""
    key = ("addendum_id", "plan_item_id", "region_id")
    rows = (
        Expense.objects.filter(deleted=False)
        .exclude(kind=ExpenseKind.CREDIT)
        .order_by(*key, "for_date", "kind")
        .values_list(
            *key, "for_date", "kind", "feature_id", "currency_id", "payer_id", "subscription_id",
            "discount_id", "calc_rule_type", "period_start", "period_end", "usage", "money_value",
            "discount_value", "tax_rate", "tax_value", named=True,
        )
    )  # fmt: skip
    for _, line in groupby(rows.iterator(chunk_size=20_000), key=lambda row: row[:3]):
        yield list(line)


def rated_amounts(line: list[Any], contracts: Contracts) -> Iterator[tuple[Any, Decimal]]:
    """Each expense of the line with the amount that its rule gives, before discount."""
    rule, terms = CalcRule(line[0].calc_rule_type), contracts.terms(line[0])
    own = contracts.subscriptions[line[0].subscription_id]
    used: dict[int, Decimal] = defaultdict(Decimal)
    for expense in line:
        month = expense.period_start.month
        if rule is CalcRule.COMMIT:
            assert expense.usage == own.quantity
            yield (
                expense,
                first_commit_fee(
                    own.quantity,
                    terms.stages[0].price,
                    activated_at=own.active_from,
                    month=month_of(expense.for_date),
                ),
            )
        elif rule is CalcRule.COMMIT_HOURLY:
            hours = (expense.period_end - expense.period_start) // HOUR
            assert expense.usage == own.quantity * hours
            yield expense, AMOUNT_OF[rule](expense.usage, terms)
        else:
            yield expense, posting(rule, terms, used_before=used[month], used=expense.usage)
            used[month] += expense.usage


def owed(expense: Any, rated: Decimal, contracts: Contracts) -> Charge:
    """What the discount and the tax in force make of the rated amount."""
    percent = Decimal(0)
    if expense.discount_id is not None:
        discount = contracts.discounts[expense.discount_id]
        assert discount.addendum_id == expense.addendum_id
        assert discount.active_from <= expense.period_start
        assert discount.active_to is None or expense.period_start < discount.active_to
        percent = discount.relative_value
    return charge(
        rated, discount_percent=percent, tax_percent=contracts.tax_rates[expense.payer_id]
    )


@pytest.mark.long
def test_every_live_expense_is_what_rating_gives_for_its_usage() -> None:
    contracts, checked = Contracts(), 0
    for line in live_lines():
        for expense, rated in rated_amounts(line, contracts):
            due = owed(expense, rated, contracts)
            stored = (expense.money_value, expense.discount_value, expense.tax_value)
            assert stored == (due.net, due.discount, due.tax), expense
            assert expense.tax_rate == contracts.tax_rates[expense.payer_id]
            checked += 1
    assert checked >= 150_000


def test_usage_keeps_to_the_rounding_rule_of_its_item() -> None:
    rounded = {
        item.id: item.rounding_rule.value
        for item in Contracts().items.values()
        if item.rounding_rule is not None
    }
    assert {way.value for way in RoundWay} == set(
        PlanItem.objects.filter(id__in=rounded).values_list(
            "rounding_rule__round_operation", flat=True
        )
    )
    usages = Expense.objects.filter(plan_item_id__in=rounded).values_list("plan_item_id", "usage")
    seen = set()
    for item_id, usage in usages.iterator():
        assert usage % rounded[item_id] == 0
        seen.add(item_id)
    assert seen == set(rounded)


def test_a_line_starts_when_its_contract_does_and_ends_with_it() -> None:
    spans = {
        number: (active_from, active_to)
        for number, active_from, active_to in Subscription.objects.values_list(
            "id", "active_from", "active_to"
        )
    }
    rated = Expense.objects.exclude(kind=ExpenseKind.CREDIT)
    rows = rated.values_list("subscription_id", "period_start", "period_end", "kind")
    for subscription_id, start, end, kind in rows.iterator(chunk_size=20_000):
        active_from, active_to = spans[subscription_id or 0]
        assert active_from <= start < end
        assert active_to is None or kind == ExpenseKind.FEE or end <= active_to
