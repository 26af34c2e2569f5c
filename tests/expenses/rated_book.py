"""A client with a contract under every calc rule, usage in the lake, and what rating made of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import polars as pl

from tests.reports.book import Book, new_region, open_book
from tollbook.catalog.models import (
    CalcRule,
    Feature,
    Metric,
    Plan,
    PlanItem,
    Price,
    PriceStage,
    RoundingRule,
    StatisticRegion,
    Unit,
)
from tollbook.clients.models import Client
from tollbook.contracts.models import Addendum, Subscription
from tollbook.expenses.models import Expense
from tollbook.expenses.services import RatingSummary, rate_month
from tollbook.usage.checks import GOOD
from tollbook.usage.entering import enter_new
from tollbook.usage.prints import Printer
from tollbook.usage.records import USAGE_SCHEMA
from tollbook.usage.staging import Staging

OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
OPENED = datetime(2026, 5, 1, tzinfo=UTC)
_numbers = count(1)


@dataclass
class RatedBook:
    """The small book with plans under every rule; Fjord has all of them."""

    book: Book
    plan: Plan
    items: dict[str, PlanItem] = field(default_factory=dict)
    addendums: dict[int, Addendum] = field(default_factory=dict)
    subscriptions: dict[tuple[int, str], Subscription] = field(default_factory=dict)

    @property
    def fjord(self) -> Client:
        """The client that most tests are about."""
        return self.book.fjord

    def region(self, name: str) -> StatisticRegion:
        """The region of that name, made where it is not there."""
        if name not in self.book.regions:
            self.book.regions[name] = new_region(name)
        return self.book.regions[name]

    def sell(self, name: str, rule: str, feature: str, *regions: str) -> None:
        """Let the plan have another item, at 2 a unit, in some regions or in all."""
        self.items[name] = _item(self, name, rule, "2", (), feature=feature)
        self.limit(name, *regions)

    def change(self, item: str, day: date) -> Subscription:
        """Fjord has another item of the same price for the feature of ``requests`` from a day."""
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        stages, rounding = (("10", "0.5"),), ("1", "ceil")
        self.items[item] = _item(
            self, item, "stepped", "1", stages, feature="requests", rounding=rounding
        )
        old = self.own("requests")
        old.active_to = moment
        old.save()
        self.subscriptions[self.fjord.pk, item] = Subscription.objects.create(
            addendum=self.addendums[self.fjord.pk],
            plan_item=self.items[item],
            quantity=Decimal(0),
            active_from=moment,
        )
        return self.own(item)

    def limit(self, item: str, *regions: str) -> None:
        """Let an item of the plan hold in some regions only."""
        self.items[item].regions.set([self.region(name) for name in regions])

    def commit(self, item: str, quantity: str, *regions: str) -> Subscription:
        """Fjord commits itself to more of the feature of ``item`` a month, at 2 a unit."""
        name = f"commit of {item} {next(_numbers)}"
        self.sell(name, "commit", item, *regions)
        self.subscriptions[self.fjord.pk, name] = Subscription.objects.create(
            addendum=self.addendums[self.fjord.pk],
            plan_item=self.items[name],
            quantity=Decimal(quantity),
            active_from=OPENED,
        )
        return self.own(name)

    def own(self, item: str, client: Client | None = None) -> Subscription:
        """The subscription of a client to an item."""
        return self.subscriptions[(client or self.fjord).pk, item]

    def live(self, item: str | None = None, **conditions: Any) -> list[Expense]:
        """Live expenses in the order of their days."""
        found = Expense.objects.filter(deleted=False, **conditions)
        if item is not None:
            found = found.filter(plan_item=self.items[item])
        return list(found.order_by("for_date", "plan_item_id", "kind", "id"))

    def use(self, item: str, day: int, amount: str, **changes: Any) -> UUID:
        """One usage record of a day of October into the lake; the import that brought it."""
        return self.use_all([self.record(item, day, amount, **changes)])

    def record(
        self,
        item: str,
        day: int,
        amount: str,
        *,
        client: Client | None = None,
        hour: int | None = None,
        region: str = "Europe",
        month: date = OCTOBER,
    ) -> dict[str, Any]:
        """A record of the lake; of a whole day, or of an hour."""
        start = datetime(month.year, month.month, day, hour or 0, tzinfo=UTC)
        return {
            "record_id": f"r{next(_numbers)}",
            "client_id": (client or self.fjord).pk,
            "feature_id": self.items[item].feature_id,
            "region_id": self.region(region).pk,
            "addendum_id": None,
            "resource_id": f"resource of {item}",
            "period_start": start,
            "period_end": start
            + timedelta(days=1) * (1 if hour is None else 0)
            + timedelta(hours=0 if hour is None else 1),
            "amount": Decimal(amount),
        }

    def use_all(self, records: Iterable[dict[str, Any]]) -> UUID:
        """Records into the lake, as one import."""
        source = uuid4()
        rows = [record | {"line": line} for line, record in enumerate(records, start=1)]
        types = pl.from_arrow(USAGE_SCHEMA.empty_table())
        assert isinstance(types, pl.DataFrame)
        frame = pl.DataFrame(rows, schema=dict(types.schema) | {"line": pl.Int64()})
        with TemporaryDirectory() as folder, Printer() as printer:
            staging = Staging(Path(folder))
            staging.add(frame.select(GOOD), printer.prints_of(frame))
            staging.close()
            enter_new(staging, source=source)
        return source

    def rate(self, reason: str = "tested", **changes: Any) -> RatingSummary:
        """Rate October."""
        return rate_month(**{"month": OCTOBER, "now": NOW, "reason": reason} | changes)


def usage_and_amount(row: Expense) -> tuple[str, str]:
    """Both as people write them; the amount is before tax."""
    return f"{row.usage.normalize():f}", f"{row.money_value.normalize():f}"


def open_rated_book(book: Book | None = None) -> RatedBook:
    """Contracts and no usage, in a new book or in ``book``: fees are all that is owed."""
    book = book or open_book()
    plan = Plan.objects.create(product=book.items["CDN"].plan.product, name="Everything")
    made = RatedBook(book, plan)
    for name, rule, price, stages, more in (
        ("commit", "commit", "2", (), {}),
        ("traffic", "overcommit", "0.5", (("10", "0.4"),), {"unit_size": Decimal(1000)}),
        ("requests", "stepped", "1", (("10", "0.5"),), {"rounding": ("1", "ceil")}),
        ("storage", "staged", "3", (("100", "2"),), {}),
        ("reserved", "commit_hourly", "0.25", (), {}),
        ("cpu", "overcommit", "0.75", (), {}),
    ):
        made.items[name] = _item(made, name, rule, price, stages, **more)
    _contract(made, book.fjord, "20.5")
    _contract(made, book.brook, "0")
    _contract(made, book.sand, "0")
    return made


_FEATURE_OF = {"commit": "traffic", "reserved": "cpu"}
_QUANTITIES = {"commit": Decimal(30), "reserved": Decimal(2)}


def _item(
    made: RatedBook,
    name: str,
    rule: str,
    price: str,
    stages: Iterable[tuple[str, str]],
    *,
    feature: str | None = None,
    unit_size: Decimal = Decimal(1),
    rounding: tuple[str, str] | None = None,
) -> PlanItem:
    unit, _ = Unit.objects.get_or_create(internal_name="unit", defaults={"name": "unit"})
    named = feature or _FEATURE_OF.get(name, name)
    metric, _ = Metric.objects.get_or_create(
        internal_name=named, defaults={"ext_name": named, "unit": unit}
    )
    used, _ = Feature.objects.get_or_create(
        internal_name=named,
        defaults={"product": made.plan.product, "name": named, "metric": metric},
    )
    item = PlanItem.objects.create(
        plan=made.plan,
        feature=used,
        calc_rule=CalcRule.objects.create(name=rule, rule_type=rule),
        unit=unit,
        unit_size=unit_size,
        rounding_rule=rounding
        and RoundingRule.objects.create(
            unit=unit, value=Decimal(rounding[0]), round_operation=rounding[1]
        ),
    )
    for currency in (made.book.usd, made.book.eur):
        own = Price.objects.create(plan_item=item, currency=currency, money_value=Decimal(price))
        for threshold, stage in stages:
            PriceStage.objects.create(
                price=own, threshold=Decimal(threshold), money_value=Decimal(stage)
            )
    return item


def _contract(made: RatedBook, client: Client, tax_rate: str) -> None:
    client.payer.tax_rate = Decimal(tax_rate)
    client.payer.save()
    addendum = Addendum.objects.create(
        client=client,
        plan=made.plan,
        currency=made.book.usd,
        status="active",
        active_from=OPENED,
    )
    made.addendums[client.pk] = addendum
    for name, item in made.items.items():
        made.subscriptions[client.pk, name] = Subscription.objects.create(
            addendum=addendum,
            plan_item=item,
            quantity=_QUANTITIES.get(name, Decimal(0)),
            active_from=OPENED,
        )
