"""``/plans/contents``: what is in each plan and what it costs, in each currency."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from tollbook.api.filters import Condition, Filter, any_of, field, keep_all
from tollbook.api.items import list_operation
from tollbook.api.kinds import BOOLEAN, INTEGER, PLACES, TEXT, one_of
from tollbook.api.ordering import Ordering
from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    TEXT_SCHEMA,
    Field,
    Shape,
    money,
    nested,
    nested_list,
    plain,
    words,
)
from tollbook.api.v1.calc_rules import CALC_RULE_TYPES
from tollbook.api.v1.short_forms import (
    CURRENCY_SHORT,
    FEATURE_SHORT,
    PRODUCT_CATEGORY_SHORT,
    PRODUCT_SHORT,
    STATISTIC_REGION_SHORT,
    UNIT,
)
from tollbook.api.views import ListView
from tollbook.catalog.models import Price, StatisticRegion
from tollbook.catalog.rules import CalcRuleType, RoundOperation
from tollbook.catalog.selectors import regions_of, stages_of, visible_plan_contents
from tollbook.clients.viewer import Viewer
from tollbook.contracts.selectors import visible_addendums
from tollbook.kernel.money import round_money

TAG: Final = "plans"
PRICE_SCHEMA: Final = {
    "type": "string",
    "format": "decimal",
    "pattern": r"^-?\d{1,26}(?:\.\d{0,12})?$",
}
SIZE_SCHEMA: Final = {"type": "string", "format": "decimal", "pattern": r"^-?\d{1,24}\.\d{8}$"}


def _size(column: str) -> Callable[[Any], str]:
    return lambda row: f"{getattr(row, column):.8f}"


ROUNDING_RULE: Final = Shape(
    "RoundingRuleCommon",
    (
        nested("unit", UNIT, plain("unit"), "What `value` counts."),
        Field("value", SIZE_SCHEMA, _size("value"), "Usage becomes a multiple of this."),
        Field("round_operation", words(RoundOperation), plain("round_operation"), "Up, or down."),
    ),
    "How the usage of a day is rounded before it is priced.",
)
PRICE_STAGE: Final = Shape(
    "PriceStageCommon",
    (
        Field("money_value", PRICE_SCHEMA, money("money_value"), "What one unit costs there."),
        Field(
            "threshold",
            {"type": "string", "format": "decimal", "pattern": r"^-?\d{1,26}\.\d{12}$"},
            money("threshold"),
            "The stage holds from this quantity on.",
        ),
    ),
    "A part of a price ladder.",
)
PRICE: Final = Shape(
    "PriceCommonShort",
    (
        nested("currency", CURRENCY_SHORT, plain("currency"), "What it is in."),
        Field(
            "money_value",
            PRICE_SCHEMA,
            money("money_value"),
            "What one unit, or a month of its commitment, costs below the first stage.",
        ),
        nested_list("price_stages", PRICE_STAGE, stages_of, "What it costs above, lowest first."),
    ),
    "A price in one currency.",
)


def _item(column: str) -> Callable[[Price], Any]:
    return lambda price: getattr(price.plan_item, column)


PLAN_CONTENT: Final = Shape(
    "PlanContentForOrgSerializerV1",
    (
        Field("id", INTEGER_SCHEMA, plain("id"), "Of the plan item in this currency."),
        Field(
            "plan_item_id",
            INTEGER_SCHEMA,
            plain("plan_item_id"),
            "Of the plan item in any currency, as in `plan_item.id` of expenses.",
        ),
        Field("plan_id", INTEGER_SCHEMA, _item("plan_id"), "The plan that it is in."),
        Field(
            "default",
            {"type": "boolean"},
            _item("default"),
            "Whether a new contract on the plan has it from the start.",
        ),
        nested("feature", FEATURE_SHORT, _item("feature"), "What is priced."),
        Field(
            "metric_ext_name",
            TEXT_SCHEMA,
            lambda price: price.plan_item.feature.metric.ext_name,
            "What is measured for it.",
        ),
        nested_list("regions", STATISTIC_REGION_SHORT, regions_of, "Where it is counted."),
        nested(
            "product_category",
            PRODUCT_CATEGORY_SHORT,
            lambda price: price.plan_item.plan.product.category,
            "The group of the product.",
        ),
        nested(
            "product", PRODUCT_SHORT, lambda price: price.plan_item.plan.product, "Of the plan."
        ),
        Field(
            "calc_rule_type",
            words(CalcRuleType),
            lambda price: price.plan_item.calc_rule.rule_type,
            CALC_RULE_TYPES,
        ),
        nested("unit", UNIT, _item("unit"), "What is billed."),
        Field(
            "unit_size",
            SIZE_SCHEMA,
            lambda price: _size("unit_size")(price.plan_item),
            "How much of the metric makes one unit.",
        ),
        nested("price", PRICE, lambda price: price, "What it costs."),
        Field(
            "default_value",
            SIZE_SCHEMA,
            lambda price: _size("default_value")(price.plan_item),
            "How much of it a new contract is given or commits to.",
        ),
        nested(
            "rounding_rule",
            ROUNDING_RULE,
            _item("rounding_rule"),
            "How usage is rounded; null where it is priced as it is.",
            empty=True,
        ),
        Field(
            "comment",
            TEXT_SCHEMA,
            lambda price: price.plan_item.comment or "",
            "A remark; empty where there is none.",
        ),
    ),
    "A priced feature of a plan, in one currency.",
    {
        "id": 10132,
        "plan_item_id": 1013,
        "plan_id": 101,
        "default": True,
        "feature": {"id": 1002, "name": "Queries", "erp_sku_id": "SKU-01002"},
        "metric_ext_name": "DNS queries",
        "regions": [{"id": 1, "name": "All regions", "external_name": "Global"}],
        "product_category": {"id": 1, "name": "Content delivery"},
        "product": {"id": 10, "name": "Managed DNS", "internal_name": "DNS"},
        "calc_rule_type": "stepped",
        "unit": {"id": 5, "name": "million requests", "internal_name": "MREQUEST"},
        "unit_size": "1000000.00000000",
        "price": {
            "currency": {"id": 2, "char_code": "EUR", "symbol": "€"},
            "money_value": "0.368000000000",
            "price_stages": [
                {"money_value": "0.184000000000", "threshold": "100.000000000000"},
                {"money_value": "0.092000000000", "threshold": "1000.000000000000"},
            ],
        },
        "default_value": "0.00000000",
        "rounding_rule": None,
        "comment": "",
    },
)


def _counted_in(column: str) -> Condition:
    """Items that are counted in a region whose field is one of the values."""
    own = StatisticRegion.objects.filter(planitem=OuterRef("plan_item"))
    return lambda values: Exists(own.filter(**{f"{column}__in": values}))


def _region_named(part: str) -> Exists:
    """Items that are counted in a region whose shown name contains ``part``."""
    own = StatisticRegion.objects.filter(planitem=OuterRef("plan_item"))
    unnamed = Q(name_en=None) | Q(name_en="")
    return Exists(own.filter(Q(name_en__icontains=part) | unnamed & Q(ext_name__icontains=part)))


class PlanContents(ListView):
    """The list of what is in plans."""

    shape = PLAN_CONTENT
    filters = (
        Filter(
            "addendum_id",
            INTEGER,
            keep_all,  # it depends on who asks: queryset_for
            "Only what one of these addendums is on: the contents of its plan in its currency.",
            several=True,
        ),
        Filter(
            "calc_rule_type",
            one_of(CalcRuleType),
            any_of("plan_item__calc_rule__rule_type"),
            "Priced by one of these rules.",
            several=True,
        ),
        Filter(
            "comment",
            TEXT,
            field("plan_item__comment__icontains"),
            "The comment contains this, in any case.",
        ),
        Filter(
            "currency_char_code",
            TEXT,
            any_of("currency__char_code"),
            "Prices in one of these currencies, by ISO 4217 code.",
            several=True,
        ),
        Filter(
            "currency_id",
            INTEGER,
            any_of("currency_id"),
            "Prices in one of these currencies.",
            several=True,
            nullable=True,
        ),
        Filter(
            "default",
            BOOLEAN,
            field("plan_item__default"),
            "Only what a new contract has from the start, or only what it has not.",
        ),
        Filter(
            "feature_id",
            INTEGER,
            any_of("plan_item__feature_id"),
            "One of these features.",
            several=True,
        ),
        Filter(
            "feature_name",
            TEXT,
            field("plan_item__feature__name__icontains"),
            "The feature's name contains this, in any case.",
        ),
        Filter("id", INTEGER, field("id"), "With this id."),
        Filter(
            "metric_ext_name",
            TEXT,
            field("plan_item__feature__metric__ext_name__icontains"),
            "The metric's name contains this, in any case.",
        ),
        Filter(
            "metric_id",
            INTEGER,
            any_of("plan_item__feature__metric_id"),
            "Measured by one of these metrics.",
            several=True,
            nullable=True,
        ),
        Filter(
            "money_decimals",
            PLACES,
            keep_all,
            "How many decimals prices are shown with, rounded half up; `max`, as without it, shows "
            "all twelve.",
        ),
        Filter(
            "plan_id", INTEGER, any_of("plan_item__plan_id"), "In one of these plans.", several=True
        ),
        Filter(
            "plan_name",
            TEXT,
            field("plan_item__plan__name__icontains"),
            "The plan's name contains this, in any case.",
        ),
        Filter(
            "product_category_id",
            INTEGER,
            any_of("plan_item__plan__product__category_id"),
            "Of products of one of these groups.",
            several=True,
        ),
        Filter(
            "product_category_name",
            TEXT,
            field("plan_item__plan__product__category__name__icontains"),
            "The name of the product's group contains this, in any case.",
        ),
        Filter(
            "product_id",
            INTEGER,
            any_of("plan_item__plan__product_id"),
            "Of one of these products.",
            several=True,
        ),
        Filter(
            "product_internal_name",
            TEXT,
            any_of("plan_item__plan__product__internal_name"),
            "Of one of these products, by internal name.",
            several=True,
        ),
        Filter(
            "product_name",
            TEXT,
            field("plan_item__plan__product__name_en__icontains"),
            "The product's name contains this, in any case.",
        ),
        Filter(
            "region_id",
            INTEGER,
            _counted_in("pk"),
            "Counted in one of these regions.",
            several=True,
        ),
        Filter(
            "region_int_name",
            TEXT,
            _counted_in("int_name"),
            "Counted in one of these regions, by internal name.",
            several=True,
        ),
        Filter(
            "region_name",
            TEXT,
            _region_named,
            "Counted in a region whose name contains this, in any case.",
        ),
    )
    ordering = Ordering(
        {
            "calc_rule_type": "plan_item__calc_rule__rule_type",
            "currency_id": "currency_id",
            "default": "plan_item__default",
            "feature_name": "plan_item__feature__name",
            "id": "id",
            "plan_id": "plan_item__plan_id",
            "product_id": "plan_item__plan__product_id",
            "product_name": "plan_item__plan__product__name_en",
        },
        default=("id",),
        key="id",
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Price]:
        """All prices, or those of the asked addendums, of those that the viewer may know of."""
        contents = visible_plan_contents(viewer)
        if "addendum_id" not in self.asked:
            return contents
        agreed = visible_addendums(viewer).filter(pk__in=self.asked["addendum_id"])
        own = agreed.filter(plan=OuterRef("plan_item__plan"), currency=OuterRef("currency"))
        return contents.filter(Exists(own))

    def rows(self, items: Sequence[Price]) -> list[dict[str, Any]]:
        """The contents, prices with as many decimals as are asked for."""
        rows = super().rows(items)
        places = self.asked.get("money_decimals")
        if places is not None:
            for item, row in zip(items, rows, strict=True):
                row["price"] = _rounded(item, row["price"], places)
        return rows


def _rounded(price: Price, row: dict[str, Any], places: int) -> dict[str, Any]:
    stages = [
        shown | {"money_value": f"{round_money(stage.money_value, places=places):f}"}
        for stage, shown in zip(stages_of(price), row["price_stages"], strict=True)
    ]
    value = f"{round_money(price.money_value, places=places):f}"
    return row | {"money_value": value, "price_stages": stages}


PlanContents.operations = list_operation(
    PlanContents,
    "v1_plans_contents_list",
    TAG,
    "List the contents of plans",
    "What each plan holds and what it costs, once for each currency that it is priced in, by "
    "number where no order is asked. List prices are the same for everybody; the discounts of a "
    "contract are not in them.",
    mistake={"currency_id": ["This is no whole number."]},
)
