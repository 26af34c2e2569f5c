"""What a list of expenses can be narrowed by, and the orders it can have."""

from datetime import date, datetime
from typing import Final

from django.db.models import Model, Q

from tollbook.api.filters import Condition, Filter, any_of, field, keep_all
from tollbook.api.kinds import (
    INTEGER,
    LONG,
    MOMENT,
    NUMBER,
    PLACES,
    TEXT,
    Kind,
    one_of,
    read_boolean,
)
from tollbook.api.ordering import Ordering
from tollbook.api.range_filters import contains, created_filters, lacks
from tollbook.catalog.models import (
    Currency,
    Feature,
    Metric,
    Plan,
    Product,
    ProductCategory,
    StatisticRegion,
)
from tollbook.catalog.rules import CalcRuleType
from tollbook.clients.models import Client
from tollbook.expenses.selectors.pages import REGION_NAME
from tollbook.invoicing.selectors import expenses_of_invoices

MONEY_DECIMALS: Final = "money_decimals"


def _read_deleted(text: str) -> bool | None:
    return None if text.lower() == "none" else read_boolean(text)


DELETED: Final = Kind({"type": "boolean"}, _read_deleted)


def _that_day(lookup: str) -> Condition:
    """Expenses whose day compares so to the day of the moment, in UTC."""

    def condition(moment: datetime) -> Q:
        day: date = moment.date()
        return Q(**{lookup: day})

    return condition


def _if_deleted(deleted: bool | None) -> Q:
    return Q() if deleted is None else Q(deleted=deleted)


def _of_those(column: str, table: type[Model], lookup: str) -> Condition:
    """Expenses that name a row of a small table whose field compares so to the value."""
    rows = table._default_manager  # noqa: SLF001
    return lambda value: Q(**{f"{column}__in": rows.filter(**{lookup: value}).values("pk")})


def _region_named(part: str) -> Q:
    """Expenses of regions whose name as it is shown contains ``part``."""
    unnamed = Q(name_en=None) | Q(name_en="")
    shown = Q(name_en__icontains=part) | unnamed & Q(ext_name__icontains=part)
    return Q(region_id__in=StatisticRegion.objects.filter(shown).values("pk"))


def _in_invoices(invoice_ids: tuple[int, ...]) -> Q:
    """Expenses that one of the invoices bills."""
    return expenses_of_invoices(invoice_ids=invoice_ids)


def _in_items(item_ids: tuple[int, ...]) -> Q:
    """Expenses that one of the items bills."""
    return expenses_of_invoices(item_ids=item_ids)


def _ids(name: str, what: str, kind: Kind = INTEGER, *, nullable: bool = False) -> Filter:
    description = f"Of one of these {what}."
    if nullable:
        description += " `null` is none at all."
    return Filter(name, kind, any_of(name), description, several=True, nullable=nullable)


def _part_of_name(name: str, condition: Condition, what: str) -> Filter:
    return Filter(name, TEXT, condition, f"The {what} contains this, in any case.")


def _moment(name: str, condition: Condition, description: str) -> Filter:
    return Filter(name, MOMENT, condition, description)


FILTERS: Final = (
    _ids("addendum_id", "addendums", nullable=True),
    Filter(
        "calc_rule_type",
        one_of(CalcRuleType),
        any_of("calc_rule_type"),
        "Priced by one of these rules.",
        several=True,
    ),
    _ids("client_id", "clients"),
    _part_of_name("comment", field("comment__icontains"), "comment"),
    _part_of_name(
        "company_name", _of_those("client_id", Client, "company_name__icontains"), "client's name"
    ),
    *created_filters("created_at"),
    Filter(
        "currency_char_code",
        TEXT,
        _of_those("currency_id", Currency, "char_code__in"),
        "In one of these currencies, by ISO 4217 code.",
        several=True,
    ),
    _ids("currency_id", "currencies"),
    Filter(
        "deleted",
        DELETED,
        _if_deleted,
        "`true`: only those whose place a later revision took; `false`: only the others; `none`, "
        "as without it: all.",
    ),
    _part_of_name("description", field("description__icontains"), "description"),
    _ids("discount_id", "discounts", nullable=True),
    _ids("feature_id", "features", nullable=True),
    _part_of_name(
        "feature_name", _of_those("feature_id", Feature, "name__icontains"), "feature's name"
    ),
    _moment("for_date", _that_day("for_date"), "Counting for the day of this moment, in UTC."),
    _moment("for_date_after", _that_day("for_date__gte"), "Counting for that day or later."),
    _moment("for_date_before", _that_day("for_date__lte"), "Counting for that day or earlier."),
    Filter("id", LONG, field("id"), "With this id."),
    Filter(
        "invoice_id",
        INTEGER,
        _in_invoices,
        "Billed in one of these invoices; nothing is before its month is closed.",
        several=True,
    ),
    Filter(
        "invoice_item_id",
        INTEGER,
        _in_items,
        "Billed in one of these invoice items; nothing is before its month is closed.",
        several=True,
    ),
    _part_of_name(
        "metric_ext_name", _of_those("metric_id", Metric, "ext_name__icontains"), "metric's name"
    ),
    _ids("metric_id", "metrics"),
    Filter(
        MONEY_DECIMALS,
        PLACES,
        keep_all,
        "How many decimals `money_value`, `tax_value` and `discount_value` are shown with, rounded "
        "half up; `max`, as without it, shows all twelve.",
    ),
    Filter("money_value", NUMBER, field("money_value"), "Of exactly this amount."),
    Filter("money_value__from", NUMBER, field("money_value__gte"), "Of this amount or more."),
    Filter("money_value__to", NUMBER, field("money_value__lte"), "Of this amount or less."),
    _ids("payer_id", "payers"),
    _moment(
        "period_contains",
        contains("period_start", "period_end"),
        "For service used in a period that contains the moment.",
    ),
    _moment("period_ends_before", field("period_end__lt"), "In a period that ends before it."),
    _moment(
        "period_outside",
        lacks("period_start", "period_end"),
        "In a period that does not contain the moment.",
    ),
    _moment("period_starts_after", field("period_start__gt"), "In a period that starts after it."),
    _ids("plan_id", "plans"),
    _part_of_name("plan_name", _of_those("plan_id", Plan, "name__icontains"), "plan's name"),
    _ids("product_category_id", "groups of products"),
    _part_of_name(
        "product_category_name",
        _of_those("product_category_id", ProductCategory, "name__icontains"),
        "name of the product's group",
    ),
    _ids("product_id", "products"),
    Filter(
        "product_internal_name",
        TEXT,
        _of_those("product_id", Product, "internal_name__in"),
        "Of one of these products, by internal name.",
        several=True,
    ),
    _part_of_name(
        "product_name", _of_those("product_id", Product, "name_en__icontains"), "product's name"
    ),
    _ids("region_id", "regions"),
    Filter(
        "region_int_name",
        TEXT,
        _of_those("region_id", StatisticRegion, "int_name__in"),
        "Of one of these regions, by internal name.",
        several=True,
    ),
    _part_of_name("region_name", _region_named, "region's name"),
    _ids("subscription_id", "subscriptions", LONG, nullable=True),
    Filter("tax_rate", NUMBER, field("tax_rate"), "Taxed at exactly so many percent."),
)
ORDERS: Final = Ordering(
    {
        "addendum_id": "addendum_id",
        "calc_rule_type": "calc_rule_type",
        "created_at": "created_at",
        "currency_id": "currency_id",
        "feature_name": "feature__name",
        "for_date": "for_date",
        "id": "id",
        "money_value": "money_value",
        "period_range_end": "period_end",
        "period_range_start": "period_start",
        "plan_item_id": "plan_item_id",
        "product_id": "product_id",
        "product_name": "product__name_en",
        "region_id": "region_id",
        "region_name": REGION_NAME,
        "tax_rate": "tax_rate",
    },
    default=("for_date",),
    key="id",
)
