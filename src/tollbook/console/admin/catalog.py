"""What is sold: currencies, countries, products, plans and their prices."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Model

from tollbook.catalog.models import (
    CalcRule,
    Country,
    Currency,
    Feature,
    Metric,
    Plan,
    PlanItem,
    Price,
    PriceStage,
    Product,
    ProductCategory,
    Region,
    RoundingRule,
    StatisticRegion,
    Unit,
)
from tollbook.console.admin.amounts import amount_text
from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Rows, Table

PRICE_WARNING: Final = (
    "A changed price counts for what is rated from now on, for every client on this plan. What has "
    "been rated keeps its amounts until it is rated again. The change is written into the audit."
)


class CurrencyTable(Table):
    """Currencies; what amounts are rounded to is fixed."""

    icon = "attach_money"
    can_add = can_change = True
    list_display = ("char_code", "id", "name_en", "symbol", "number_code", "minor_unit")
    search_fields = ("char_code", "name_en")
    number_fields = ("pk", "number_code")
    fields = (("char_code", "number_code"), ("name_en", "symbol"), "minor_unit")
    fixed_fields = ("char_code", "minor_unit")


class CountryTable(Table):
    """Countries with their zone and currency."""

    icon = "public"
    can_add = can_change = True
    list_display = ("name", "code", "zone", "currency", "disabled")
    list_select_related = ("currency",)
    list_filter = (one_of("zone"), "disabled")
    search_fields = ("name", "code")
    number_fields = ()
    fields = (("code", "name"), ("zone", "currency"), "disabled")
    fixed_fields = ("code",)


class RegionTable(Table):
    """Parts of countries; nothing of the book points to them, so they may go."""

    icon = "map"
    can_add = can_change = can_delete_row = True
    list_display = ("name", "id", "code", "country")
    list_select_related = ("country",)
    list_filter = (some("country"),)
    search_fields = ("name", "code", "country__name")
    fields = (("country", "code"), "name")
    fixed_fields = ("country",)


class UnitTable(Table):
    """What an amount of usage counts."""

    icon = "straighten"
    can_add = can_change = True
    list_display = ("name", "id", "internal_name")
    search_fields = ("name", "internal_name")
    fields = (("internal_name", "name"),)
    fixed_fields = ("internal_name",)


class MetricTable(Table):
    """What is measured."""

    icon = "speed"
    can_add = can_change = True
    list_display = ("ext_name", "id", "internal_name", "unit")
    list_select_related = ("unit",)
    list_filter = (some("unit"),)
    search_fields = ("ext_name", "internal_name")
    fields = (("internal_name", "ext_name"), "unit")
    fixed_fields = ("internal_name", "unit")


class ProductCategoryTable(Table):
    """Groups of products."""

    icon = "category"
    can_add = can_change = True
    list_display = ("name", "id")
    search_fields = ("name",)


class ProductTable(Table):
    """Services with plans of their own."""

    icon = "inventory_2"
    can_add = can_change = True
    list_display = ("name_en", "id", "internal_name", "category", "archive")
    list_select_related = ("category",)
    list_filter = (some("category"), "archive")
    search_fields = ("name_en", "internal_name")
    fields = (("internal_name", "name_en"), "category", "archive")
    fixed_fields = ("internal_name",)


class StatisticRegionTable(Table):
    """Where usage is counted."""

    icon = "travel_explore"
    can_add = can_change = True
    list_display = ("ext_name", "id", "int_name", "name_en", "product", "uuid")
    list_select_related = ("product",)
    list_filter = (some("product"),)
    search_fields = ("ext_name", "int_name", "name_en")
    uuid_fields = ("uuid",)
    fields = ("uuid", ("int_name", "ext_name"), "name_en", "product")
    fixed_fields = ("uuid", "product")


class FeatureTable(Table):
    """What of a product is measured and priced."""

    icon = "extension"
    can_add = can_change = True
    list_display = ("name", "id", "internal_name", "product", "metric", "erp_sku_id")
    list_select_related = ("product", "metric")
    list_filter = (some("product"),)
    search_fields = ("name", "internal_name", "erp_sku_id")
    fields = (("internal_name", "name"), ("product", "metric"), "erp_sku_id")
    fixed_fields = ("internal_name", "product", "metric")


class CalcRuleTable(Table):
    """Ways from quantity and price to an amount; the way of a rule is fixed."""

    icon = "function"
    can_add = can_change = True
    list_display = ("name", "id", "rule_type")
    list_filter = (one_of("rule_type"),)
    search_fields = ("name", "rule_type")
    fields = ("name", "rule_type")
    fixed_fields = ("rule_type",)


class RoundingRuleTable(Table):
    """To which multiple usage is rounded; fixed, so that what was rated stays explained."""

    icon = "rounded_corner"
    can_add = True
    list_display = ("__str__", "id", "round_operation", "value", "unit")
    list_select_related = ("unit",)
    list_filter = (one_of("round_operation"),)
    search_fields = ("unit__name", "round_operation")
    fields = ("round_operation", ("value", "unit"))


class PlanItems(Rows):
    """The items of a plan."""

    model = PlanItem
    fields = ("feature", "calc_rule", "unit", "unit_size", "default")
    readonly_fields = fields


class PlanTable(Table):
    """Tariffs."""

    icon = "sell"
    can_add = can_change = True
    list_display = ("name", "id", "product", "archive")
    list_select_related = ("product",)
    list_filter = (some("product"), "archive")
    search_fields = ("name", "product__name_en")
    fields = (("name", "product"), "archive")
    fixed_fields = ("product",)
    inlines = (PlanItems,)


class ItemPrices(Rows):
    """The prices of a plan item; their stages are on the price's own page."""

    model = Price
    can_add = True
    fields = ("currency", "money_value")


class PlanItemForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it
    """The feature must be one of the plan's product."""

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        told = super().clean() or {}
        plan, feature = told.get("plan"), told.get("feature")
        if plan and feature and plan.product_id != feature.product_id:
            self.add_error("feature", "This feature belongs to another product than the plan.")
        return told


class PlanItemTable(Table):
    """Priced features of plans; how one is priced is fixed, a new way is a new item."""

    icon = "list_alt"
    can_add = can_change = True
    form = PlanItemForm
    not_negative = ("default_value",)
    list_display = ("__str__", "id", "calc_rule", "unit", "unit_size", "default")
    list_select_related = ("plan", "feature", "calc_rule", "unit")
    list_filter = (some("plan"), some("feature"), some("calc_rule"), "default")
    search_fields = ("plan__name", "feature__name", "comment")
    fixed_fields = ("plan", "feature", "calc_rule", "unit", "unit_size", "rounding_rule")
    inlines = (ItemPrices,)
    fieldsets = (
        (None, {"fields": (("plan", "feature"), ("calc_rule", "rounding_rule"))}),
        ("Quantity", {"fields": (("unit", "unit_size"), ("default", "default_value"))}),
        ("Where and why", {"fields": ("regions", "comment", "description")}),
    )


class Stages(Rows):
    """The ladder of a price."""

    model = PriceStage
    can_add = can_change = can_delete_row = True
    fields = ("threshold", "money_value")
    show_change_link = False


class PriceTable(Table):
    """What a unit costs, in a currency."""

    icon = "price_change"
    can_add = can_change = True
    list_display = ("of_item", "id", "price")
    list_select_related = ("plan_item__plan", "plan_item__feature", "currency")
    list_filter = (some("currency"), some("plan_item"), some("plan_item__plan"))
    search_fields = ("plan_item__plan__name", "plan_item__feature__name")
    number_fields = ("pk", "plan_item_id")
    fixed_fields = ("plan_item", "currency")
    inlines = (Stages,)
    fieldsets = (
        (
            None,
            {
                "fields": (("plan_item", "currency"), "money_value"),
                "description": PRICE_WARNING,
            },
        ),
    )

    @column("plan item", ordering="plan_item")
    def of_item(self, price: Price) -> str:
        """What it prices."""
        return str(price.plan_item)

    @column("price", ordering="money_value")
    def price(self, price: Price) -> str:
        """The amount with its currency."""
        return amount_text(price.money_value, price.currency)


class PriceStageTable(Table):
    """Steps of all ladders; they are changed on the page of their price."""

    icon = "stairs"
    list_display = ("id", "plan_item", "from_quantity", "step_price")
    list_select_related = (
        "price__currency",
        "price__plan_item__plan",
        "price__plan_item__feature",
    )
    list_filter = (some("price__currency"), some("price__plan_item__plan"))
    search_fields = ("price__plan_item__plan__name", "price__plan_item__feature__name")
    number_fields = ("pk", "price_id")
    fields = ("price", ("threshold", "money_value"))

    @column("plan item")
    def plan_item(self, stage: PriceStage) -> str:
        """What it prices."""
        return str(stage.price.plan_item)

    @column("from", ordering="threshold")
    def from_quantity(self, stage: PriceStage) -> str:
        """Where it begins."""
        return amount_text(stage.threshold)

    @column("price", ordering="money_value")
    def step_price(self, stage: PriceStage) -> str:
        """The amount with its currency."""
        return amount_text(stage.money_value, stage.price.currency)


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    Product: ProductTable,
    ProductCategory: ProductCategoryTable,
    Feature: FeatureTable,
    Plan: PlanTable,
    PlanItem: PlanItemTable,
    Price: PriceTable,
    PriceStage: PriceStageTable,
    CalcRule: CalcRuleTable,
    RoundingRule: RoundingRuleTable,
    Metric: MetricTable,
    Unit: UnitTable,
    StatisticRegion: StatisticRegionTable,
    Currency: CurrencyTable,
    Country: CountryTable,
    Region: RegionTable,
}
