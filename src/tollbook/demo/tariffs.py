"""Plans with their items and prices: all five calc rules, prices and stages in both currencies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from django.db import models

from tollbook.catalog.models import Plan, PlanItem, Price, PriceStage
from tollbook.demo.catalogue import CALC_RULE_IDS, EUR, GLOBAL, USD
from tollbook.kernel.money import ZERO
from tollbook.rating.ladder import PriceStage as Stage
from tollbook.rating.ladder import ladder_of
from tollbook.rating.rules import CalcRule
from tollbook.rating.usage import RoundWay, UsageRounding

_RATES: Final = {USD: Decimal(1), EUR: Decimal("0.92")}
_WORLD: Final = (2, 3, 5, 4, 6, 7, 8, 9)
_STORES: Final = (21, 22, 23)
_SITES: Final = (51, 52, 53, 54, 55)
_VIEWS: Final = (2, 3, 5, 4)


@dataclass(frozen=True)
class Tariff:
    """One item of a plan, before it is priced in a currency; prices in US dollars."""

    feature_id: int
    rule: CalcRule
    unit_id: int
    price: str
    stages: tuple[tuple[int, str], ...] = ()
    regions: tuple[int, ...] = (GLOBAL,)
    unit_size: int = 1
    rounding: tuple[int, str, RoundWay] | None = None
    comment: str | None = None

    @cached_property
    def usage_rounding(self) -> UsageRounding | None:
        """The rounding rule as rating takes it."""
        return UsageRounding(Decimal(self.rounding[1]), self.rounding[2]) if self.rounding else None

    def ladder(self, currency_id: int) -> tuple[Stage, ...]:
        """The price stages in a currency."""
        rate = _RATES[currency_id]
        stages = [Stage(Decimal(limit), Decimal(price) * rate) for limit, price in self.stages]
        return ladder_of(Decimal(self.price) * rate, stages)


@dataclass(frozen=True)
class PlanTariff:
    """A plan and its items; ``items`` are numbered from one within it."""

    id: int
    product_id: int
    name: str
    items: tuple[Tariff, ...]
    archive: bool = False

    def item_id(self, tariff: Tariff) -> int:
        """The number of the plan item in the book."""
        return self.id * 10 + self.items.index(tariff) + 1


_GB: Final = 10**9
_CEIL_MINUTE: Final = (1, "1", RoundWay.CEIL)
_CEIL_MREQUEST: Final = (2, "0.1", RoundWay.CEIL)
_FLOOR_GB: Final = (3, "1", RoundWay.FLOOR)
_CEIL_10K: Final = (4, "1", RoundWay.CEIL)
_CEIL_QUARTER: Final = (5, "0.25", RoundWay.CEIL)
_CEIL_GB_HOUR: Final = (6, "1", RoundWay.CEIL)
_FLOOR_GB_DAY: Final = (7, "0.001", RoundWay.FLOOR)
_COMMIT, _OVER, _STEPPED, _STAGED, _HOURLY = (
    CalcRule.COMMIT, CalcRule.OVERCOMMIT, CalcRule.STEPPED, CalcRule.STAGED, CalcRule.COMMIT_HOURLY,
)  # fmt: skip

PLANS: Final = (
    PlanTariff(11, 1, "CDN Start", (
        Tariff(101, _STEPPED, 2, "0.04", ((500, "0.032"), (5000, "0.0245")), _WORLD, _GB),
        Tariff(102, _OVER, 5, "0.75", (), (GLOBAL,), 10**6),
        Tariff(103, _OVER, 2, "0.11", (), (GLOBAL,), _GB, _FLOOR_GB),
    )),
    PlanTariff(12, 1, "CDN Pro, with commitment", (
        Tariff(101, _COMMIT, 2, "0.018", comment="20 % below the list while committed"),
        Tariff(101, _OVER, 2, "0.0265", ((2000, "0.0215"),), (GLOBAL,), _GB),
        Tariff(102, _STAGED, 5, "0.6", ((100, "0.48"), (1000, "0.333333")), _VIEWS, 10**6),
        Tariff(103, _OVER, 2, "0.09", (), (GLOBAL,), _GB),
    )),
    PlanTariff(13, 1, "CDN Volume", (
        Tariff(101, _STAGED, 2, "0.035", ((1000, "0.0295"), (10000, "0.0225")), _WORLD, _GB),
        Tariff(102, _STEPPED, 5, "0.7", ((50, "0.55"),), (GLOBAL,), 10**6, _CEIL_MREQUEST),
    )),
    PlanTariff(21, 2, "Object Storage", (
        Tariff(201, _STEPPED, 17, "0.000793", ((10000, "0.000661"),), _STORES, _GB, _FLOOR_GB_DAY),
        Tariff(202, _STAGED, 6, "0.005", ((1000, "0.004"),), _STORES, 10**4, _CEIL_10K),
        Tariff(203, _OVER, 2, "0.019", ((1000, "0.0125"),), _STORES, _GB),
    )),
    PlanTariff(31, 3, "Web Security", (
        Tariff(301, _COMMIT, 12, "224.801981"),
        Tariff(301, _OVER, 12, "268"),
        Tariff(302, _STEPPED, 2, "0.12", ((200, "0.09"), (1000, "0.07")), (GLOBAL,), _GB),
    )),
    PlanTariff(41, 4, "Streaming", (
        Tariff(
            401, _STEPPED, 7, "0.0125", ((5000, "0.0095"), (50000, "0.006")), rounding=_CEIL_MINUTE,
        ),
        Tariff(402, _OVER, 7, "0.0003", ((100000, "0.00021"),), (GLOBAL,)),
        Tariff(403, _STAGED, 2, "0.029", ((2000, "0.024"), (20000, "0.0165")), _VIEWS, _GB),
    )),
    PlanTariff(51, 5, "Cloud, pay as you go", (
        Tariff(501, _OVER, 9, "0.014722", (), _SITES),
        Tariff(502, _OVER, 10, "0.004167", ((20000, "0.0036"),), _SITES, rounding=_CEIL_GB_HOUR),
        Tariff(503, _STEPPED, 10, "0.000139", ((100000, "0.000111"),), _SITES),
        Tariff(504, _OVER, 8, "0.00375", (), _SITES),
    )),
    PlanTariff(52, 5, "Cloud, reserved", (
        Tariff(501, _HOURLY, 9, "0.009861", comment="reserved vCPUs, owed every hour"),
        Tariff(501, _OVER, 9, "0.0165"),
        Tariff(502, _OVER, 10, "0.0039", (), _SITES, rounding=_CEIL_GB_HOUR),
        Tariff(503, _STAGED, 10, "0.000139", ((50000, "0.000119"), (500000, "0.000097")), _SITES),
    )),
    PlanTariff(91, 9, "DDoS Protection", (
        Tariff(901, _COMMIT, 13, "3.2"),
        Tariff(901, _OVER, 13, "4.1", ((50, "3.7"),)),
    )),
    PlanTariff(101, 10, "Managed DNS", (
        Tariff(1001, _COMMIT, 12, "0.5"),
        Tariff(1001, _OVER, 12, "0.65"),
        Tariff(1002, _STEPPED, 5, "0.4", ((100, "0.2"), (1000, "0.1")), (GLOBAL,), 10**6),
    )),
    PlanTariff(121, 12, "Premium Support", (Tariff(1201, _COMMIT, 14, "1499"),)),
    PlanTariff(151, 15, "Managed Services", (
        Tariff(1501, _COMMIT, 8, "85", comment="hours of the month, used or not"),
        Tariff(1501, _OVER, 8, "110", (), (GLOBAL,), 60, _CEIL_QUARTER),
    )),
    PlanTariff(211, 21, "FastEdge", (
        Tariff(2101, _STEPPED, 5, "0.3", ((10, "0.25"), (1000, "0.2")), _VIEWS, 10**6),
        Tariff(2102, _STAGED, 16, "0.0000155", ((10**7, "0.0000125"),), (GLOBAL,), 10**3),
    )),
    PlanTariff(221, 22, "Technical Support", (Tariff(2201, _COMMIT, 14, "199"),)),
    PlanTariff(231, 23, "WAAP", (
        Tariff(2301, _COMMIT, 12, "25"),
        Tariff(2301, _OVER, 12, "30"),
        Tariff(
            2302, _STAGED, 5, "1.2", ((10, "1.05"), (100, "0.9")), _VIEWS, 10**6, _CEIL_MREQUEST,
        ),
    )),
    PlanTariff(321, 32, "GPU, dedicated", (
        Tariff(3201, _HOURLY, 11, "2.318056"),
        Tariff(3201, _OVER, 11, "2.95"),
    )),
    PlanTariff(19, 1, "CDN 2021 (no longer sold)", (
        Tariff(101, _STEPPED, 3, "45", ((10, "38.5"),), (GLOBAL,), 10**12),
    ), archive=True),
)  # fmt: skip
FREE_TIER: Final = PlanTariff(
    1, 10, "DNS, free for friends & family", (Tariff(1002, _OVER, 5, "0"),)
)


def tariff_rows() -> Sequence[Sequence[models.Model]]:
    """The rows of plans, items, prices and stages, in the order they can be written."""
    plans = (FREE_TIER, *PLANS)
    prices = [row for plan in plans for tariff in plan.items for row in _prices(plan, tariff)]
    return (
        [
            Plan(id=plan.id, product_id=plan.product_id, name=plan.name, archive=plan.archive)
            for plan in plans
        ],
        [_item(plan, tariff) for plan in plans for tariff in plan.items],
        [
            PlanItem.regions.through(planitem_id=plan.item_id(tariff), statisticregion_id=region_id)
            for plan in plans
            for tariff in plan.items
            for region_id in tariff.regions
        ],
        [price for price, _ in prices],
        [stage for _, stages in prices for stage in stages],
    )


def _item(plan: PlanTariff, tariff: Tariff) -> PlanItem:
    return PlanItem(
        id=plan.item_id(tariff),
        plan_id=plan.id,
        feature_id=tariff.feature_id,
        calc_rule_id=CALC_RULE_IDS[tariff.rule.value],
        unit_id=tariff.unit_id,
        unit_size=Decimal(tariff.unit_size),
        rounding_rule_id=tariff.rounding[0] if tariff.rounding else None,
        default_value=Decimal(1) if tariff.rule is CalcRule.COMMIT else ZERO,
        comment=tariff.comment,
    )


def _prices(plan: PlanTariff, tariff: Tariff) -> Iterator[tuple[Price, list[PriceStage]]]:
    for currency_id in _RATES:
        base, *above = tariff.ladder(currency_id)
        item_id = plan.item_id(tariff)
        price_id = item_id * 10 + currency_id
        price = Price(
            id=price_id, plan_item_id=item_id, currency_id=currency_id, money_value=base.price
        )
        yield (
            price,
            [
                PriceStage(
                    id=price_id * 10 + number,
                    price_id=price_id,
                    threshold=stage.threshold,
                    money_value=stage.price,
                )
                for number, stage in enumerate(above, start=1)
            ],
        )
