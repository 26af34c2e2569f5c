"""``ResellerPlans`` on the demo book, beside a plain Python loop over its tables."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.reports.demo import answered, rows_of, viewer_named
from tests.wire.demo_ledger import DemoLedger
from tollbook.catalog.models import PlanItem, Price
from tollbook.contracts.models import Addendum, Subscription

SEPTEMBER = {"date_from": "2026-09-01", "date_to": "2026-10-01"}
START, END = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
CALLERS = ("operator", "admin1", "admin3", "seller1", "seller4")
FIELDS = (
    "client_id",
    "addendum_id",
    "plan_item_id",
    "subscription_id",
    "quantity",
    "active_from",
    "active_to",
    "contract_from",
    "contract_to",
    "client_name",
    "plan_name",
    "product_name",
    "feature_name",
    "metric_name",
    "calc_rule",
    "unit_name",
    "unit_size",
    "round_operation",
    "rounded_to",
    "currency",
    "stage",
    "stage_from",
    "stage_to",
    "price",
)


def in_force(thing: Addendum | Subscription, start: datetime, end: datetime) -> bool:
    begins = thing.active_from is None or thing.active_from < end
    return begins and (thing.active_to is None or thing.active_to > start)


def stages_of(item: PlanItem, addendum: Addendum) -> list[tuple[Any, ...]]:
    price = Price.objects.filter(plan_item=item, currency=addendum.currency).first()
    if price is None:
        return [(None, None, None, None)]
    known = {each.threshold: each.money_value for each in price.stages.all()}
    ladder = sorted({Decimal(0): price.money_value, **known}.items())
    ends = [*(threshold for threshold, _ in ladder[1:]), None]
    return [
        (number, threshold, until, money)
        for number, ((threshold, money), until) in enumerate(zip(ladder, ends, strict=True), 1)
    ]


def expected(caller: Any, start: datetime = START, end: datetime = END) -> list[tuple[Any, ...]]:
    rows = []
    everything = Addendum.objects.select_related("client", "currency", "plan__product")
    for addendum in everything.order_by("client_id", "id"):
        owner = {
            "client_id": addendum.client_id,
            "reseller_id": addendum.client.reseller_id,
            "seller_id": addendum.client.seller_id,
        }
        if not caller.sees(owner) or not in_force(addendum, start, end):
            continue
        items = PlanItem.objects.filter(plan=addendum.plan).select_related(
            "feature__metric", "unit", "rounding_rule", "calc_rule"
        )
        for item in items.order_by("id"):
            active: list[Subscription | None] = [
                each
                for each in addendum.subscriptions.filter(plan_item=item).order_by("id")
                if in_force(each, start, end)
            ]
            for subscription in active or [None]:
                rule = item.rounding_rule
                line = (
                    addendum.client_id,
                    addendum.id,
                    item.id,
                    subscription and subscription.id,
                    subscription and subscription.quantity,
                    subscription and subscription.active_from,
                    subscription and subscription.active_to,
                    addendum.active_from,
                    addendum.active_to,
                    addendum.client.company_name,
                    addendum.plan.name,
                    addendum.plan.product.name_en,
                    item.feature.name,
                    item.feature.metric.ext_name,
                    item.calc_rule.rule_type,
                    item.unit.name,
                    item.unit_size,
                    rule and rule.round_operation,
                    rule and rule.value,
                    addendum.currency.char_code,
                )
                rows += [(*line, *stage) for stage in stages_of(item, addendum)]
    return rows


@pytest.mark.long
@pytest.mark.parametrize("name", CALLERS)
def test_it_lists_the_contracts_of_the_asker_item_by_item_and_stage_by_stage(
    demo_ledger: DemoLedger, name: str
) -> None:
    rows = rows_of(viewer_named(demo_ledger, name), "ResellerPlans", **SEPTEMBER)
    assert [tuple(row[field] for field in FIELDS) for row in rows] == expected(
        demo_ledger.callers[name]
    )
    assert rows


@pytest.mark.long
def test_a_short_range_leaves_out_what_was_not_in_force(demo_ledger: DemoLedger) -> None:
    early = rows_of(
        viewer_named(demo_ledger, "operator"),
        "ResellerPlans",
        date_from="2026-02-11",
        date_to="2026-02-11",
    )
    day = datetime(2026, 2, 11, tzinfo=UTC)
    plain = expected(demo_ledger.callers["operator"], day, day.replace(day=12))
    assert [tuple(row[field] for field in FIELDS) for row in early] == plain
    assert 0 < len(plain) < len(expected(demo_ledger.callers["operator"]))


def test_parameters_narrow_the_answer(demo_ledger: DemoLedger) -> None:
    viewer = viewer_named(demo_ledger, "operator")
    everything = rows_of(viewer, "ResellerPlans", **SEPTEMBER)
    for name, key in (("client_id", "client_id"), ("currency", "currency"), ("product_id",) * 2):
        value = everything[0][key]
        kept = [row for row in everything if row[key] == value]
        assert 0 < len(kept) < len(everything)
        assert rows_of(viewer, "ResellerPlans", **SEPTEMBER, **{name: value}) == kept


def test_the_version_names_the_data_and_changes_with_it(demo_ledger: DemoLedger) -> None:
    def version(**more: Any) -> str:
        viewer = viewer_named(demo_ledger, "operator")
        with answered(viewer, "ResellerPlans", **SEPTEMBER, **more) as dataset:
            return dataset.data_version

    before = version()
    assert version() == before
    assert version(currency="EUR") != before
    price = Price.objects.order_by("id").first()
    assert price is not None
    Price.objects.filter(pk=price.pk).update(money_value=price.money_value + 1)
    try:
        assert version() != before
    finally:
        Price.objects.filter(pk=price.pk).update(money_value=price.money_value)
    assert version() == before
