"""What an expense looks like on the wire."""

from dataclasses import replace
from typing import Final

from tollbook.api.fragments import shared
from tollbook.api.shapes import (
    DATE_SCHEMA,
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    MONEY_SCHEMA,
    TEXT_SCHEMA,
    Field,
    Shape,
    nested,
    nested_list,
    nullable,
    plain,
    words,
)
from tollbook.api.v1.calc_rules import CALC_RULE_TYPES
from tollbook.api.v1.short_forms import (
    ACTIVE_RANGE,
    CLIENT_SHORT,
    CURRENCY_SHORT,
    FEATURE_SHORT,
    PLAN_SHORT,
    PRODUCT_CATEGORY_SHORT,
    PRODUCT_SHORT,
    STATISTIC_REGION_SHORT,
)
from tollbook.catalog.rules import CalcRuleType
from tollbook.contracts.rules import AddendumStatus
from tollbook.invoicing.selectors import read_billed

_REMARK: Final = nullable({"type": "string", "maxLength": 1000})
_ROUNDED_MONEY: Final = {
    "type": "string",
    "format": "decimal",
    "pattern": r"^-?\d{1,26}$|^-?\d{1,26}\.\d{1,11}$|^-?\d{1,26}\.\d{12}$",
}
"""Twelve decimals unless ``money_decimals`` asks for fewer."""


PERIOD_RANGE: Final = Shape(
    ACTIVE_RANGE.name,
    tuple(
        replace(edge, read=plain(column))
        for edge, column in zip(ACTIVE_RANGE.fields, ("period_start", "period_end"), strict=True)
    ),
    ACTIVE_RANGE.description,
)
ADDENDUM_SHORT: Final = Shape(
    "AddendumCommonShort",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        nested("active_range", ACTIVE_RANGE, lambda addendum: addendum, "When it is active."),
        Field("status", words(AddendumStatus), plain("status"), "Where it stands today."),
    ),
    "A client's contract on one plan.",
)
PLAN_ITEM_SHORT: Final = Shape(
    "AdminPlanItemCommonShort",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field(
            "default",
            {"type": "boolean"},
            plain("default"),
            "Whether a new contract on the plan has it from the start.",
        ),
        Field("comment", _REMARK, plain("comment"), "A remark."),
        Field("description", _REMARK, plain("description"), "What it is."),
    ),
    "A priced feature of a plan.",
)
DISCOUNT_SHORT: Final = Shape(
    "DiscountCommonShort",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field(
            "relative_value",
            {"type": "string", "format": "decimal", "pattern": r"^-?\d{0,24}(?:\.\d{0,12})?$"},
            lambda discount: f"{discount.relative_value:f}",
            "How many percent.",
        ),
        Field("comment", _REMARK, plain("comment"), "A remark."),
    ),
    "A percentage off every expense of an addendum.",
)
USAGE: Final = Shape(
    "Usage",
    (
        Field("amount", MONEY_SCHEMA, plain("usage"), "How much was billed, in units."),
        Field(
            "unit_name", nullable(TEXT_SCHEMA), lambda row: row.unit.name, "What the amount counts."
        ),
    ),
    "How much was used.",
)
INVOICE_ITEM: Final = Shape(
    "InvoiceItemIDsShort",
    (
        Field("invoice_id", INTEGER_SCHEMA, plain("invoice_id"), "The invoice."),
        Field("invoice_date", DATE_SCHEMA, plain("invoice_date"), "The date printed on it."),
        Field("invoice_item_id", INTEGER_SCHEMA, plain("invoice_item_id"), "The item of it."),
    ),
    "An item of an invoice that an expense is billed in.",
)
EXPENSE: Final = Shape(
    "ExpenseForOrgSerializerV1",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field("client_id", INTEGER_SCHEMA, lambda row: row.client.id, "Who is charged."),
        Field("payer_id", INTEGER_SCHEMA, plain("payer_id"), "Who is invoiced for it."),
        shared("client", CLIENT_SHORT, plain("client"), "Who is charged, with its name."),
        Field("comment", nullable(TEXT_SCHEMA), plain("comment"), "A remark on this expense."),
        Field(
            "for_date",
            MOMENT_SCHEMA,
            lambda row: f"{row.for_date}T00:00:00.000000Z",
            "The day that it counts for, as its midnight in UTC.",
        ),
        nested(
            "period_range",
            PERIOD_RANGE,
            lambda row: row,
            "When the service was used.",
        ),
        Field("calc_rule_type", words(CalcRuleType), plain("calc_rule_type"), CALC_RULE_TYPES),
        shared("currency", CURRENCY_SHORT, plain("currency"), "What all amounts are in."),
        Field(
            "money_value",
            _ROUNDED_MONEY,
            plain("money_value"),
            "What is charged: after the discount, before tax.",
        ),
        Field("tax_value", _ROUNDED_MONEY, plain("tax_value"), "The tax on it."),
        Field(
            "tax_rate",
            {"type": "string", "format": "decimal", "pattern": r"^\d{1,2}\.\d{2}$"},
            plain("tax_rate"),
            "How many percent the tax is.",
        ),
        nested("usage", USAGE, lambda row: row, "How much was used."),
        Field(
            "metric_ext_name", TEXT_SCHEMA, lambda row: row.metric.ext_name, "What was measured."
        ),
        shared("region", STATISTIC_REGION_SHORT, plain("region"), "Where it was used."),
        Field("discount_value", _ROUNDED_MONEY, plain("discount_value"), "What was taken off."),
        shared(
            "discount",
            DISCOUNT_SHORT,
            plain("discount"),
            "By which discount; null where there was none.",
            empty=True,
        ),
        Field(
            "deleted",
            {"type": "boolean"},
            plain("deleted"),
            "Whether a later revision took its place; then it is not charged.",
        ),
        Field("description", TEXT_SCHEMA, plain("description"), "What it is for."),
        shared(
            "product_category",
            PRODUCT_CATEGORY_SHORT,
            plain("product_category"),
            "The group of the product.",
        ),
        shared("product", PRODUCT_SHORT, plain("product"), "What was used."),
        shared("addendum", ADDENDUM_SHORT, plain("addendum"), "By which contract."),
        shared("plan", PLAN_SHORT, plain("plan"), "On which plan."),
        shared("feature", FEATURE_SHORT, plain("feature"), "Which feature of the product."),
        Field(
            "subscription",
            nullable(TEXT_SCHEMA),
            lambda row: None if row.subscription_id is None else str(row.subscription_id),
            "The number of the subscription, as text; null where there is none.",
        ),
        shared("plan_item", PLAN_ITEM_SHORT, plain("plan_item"), "By which item of the plan."),
        nested_list(
            "invoices",
            INVOICE_ITEM,
            lambda row: read_billed(row.beside),
            "The invoice items that it is billed in; none while its month is open.",
        ),
    ),
    "One rated amount with its origin.",
    {
        "id": 19691,
        "client_id": 1064,
        "payer_id": 56,
        "client": {"id": 1064, "company_name": "Lumen Health ApS"},
        "comment": None,
        "for_date": "2026-08-12T00:00:00.000000Z",
        "period_range": {
            "start": "2026-08-12T00:00:00.000000Z",
            "end": "2026-08-13T00:00:00.000000Z",
        },
        "calc_rule_type": "overcommit",
        "currency": {"id": 1, "char_code": "USD", "symbol": "$"},
        "money_value": "0.000000000000",
        "tax_value": "0.000000000000",
        "tax_rate": "8.25",
        "usage": {"amount": "1.500000000000", "unit_name": "hour"},
        "metric_ext_name": "Work, minutes",
        "region": {"id": 1, "name": "All regions", "external_name": "Global"},
        "discount_value": "0.000000000000",
        "discount": None,
        "deleted": False,
        "description": "Managed Services: Engineers' time",
        "product_category": {"id": 6, "name": "Services"},
        "product": {"id": 15, "name": "Managed Services", "internal_name": "MANAGED_SERVICES"},
        "addendum": {
            "id": 198,
            "active_range": {
                "start": "2026-05-06T07:00:00.000000Z",
                "end": "2026-10-01T00:00:00.000000Z",
            },
            "status": "stopped",
        },
        "plan": {"id": 151, "name": "Managed Services"},
        "feature": {"id": 1501, "name": "Engineers' time", "erp_sku_id": "SKU-01501"},
        "subscription": "542",
        "plan_item": {"id": 1512, "default": True, "comment": None, "description": None},
        "invoices": [{"invoice_id": 42, "invoice_date": "2026-09-01", "invoice_item_id": 328}],
    },
)
