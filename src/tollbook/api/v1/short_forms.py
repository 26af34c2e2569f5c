"""Objects that stand inside others, in few fields: the same wherever they appear."""

from typing import Any, Final

from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    TEXT_SCHEMA,
    Field,
    Shape,
    moment_or_null,
    nullable,
    plain,
)

_ID: Final = Field("id", INTEGER_SCHEMA, plain("id"))

CLIENT_SHORT: Final = Shape(
    "CustomerPayerCommonShort",
    (_ID, Field("company_name", TEXT_SCHEMA, plain("company_name"), "The company's name.")),
    "A client.",
)
CURRENCY_SHORT: Final = Shape(
    "CurrencyCommonShort",
    (
        _ID,
        Field(
            "char_code",
            {"type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 3},
            plain("char_code"),
            "ISO 4217 code.",
        ),
        Field(
            "symbol",
            nullable({"type": "string", "maxLength": 10}),
            plain("symbol"),
            "The sign before or after an amount.",
        ),
    ),
    "A currency.",
)
PLAN_SHORT: Final = Shape(
    "PlanCommonShort",
    (_ID, Field("name", TEXT_SCHEMA, plain("name"), "The plan's name.")),
    "A plan.",
)
PRODUCT_SHORT: Final = Shape(
    "ProductCommonShort",
    (
        _ID,
        Field("name", TEXT_SCHEMA, plain("name_en"), "Its name for people."),
        Field(
            "internal_name",
            {"type": "string", "maxLength": 25},
            plain("internal_name"),
            "Its name for programs, which does not change.",
        ),
    ),
    "A product.",
)
PRODUCT_CATEGORY_SHORT: Final = Shape(
    "ProductCategoryCommonShort",
    (
        _ID,
        Field("name", {"type": "string", "maxLength": 255}, plain("name"), "The group's name."),
    ),
    "A group of products.",
)
FEATURE_SHORT: Final = Shape(
    "FeatureCommonShort",
    (
        _ID,
        Field("name", TEXT_SCHEMA, plain("name"), "What is measured and priced."),
        Field("erp_sku_id", nullable(TEXT_SCHEMA), plain("erp_sku_id"), "Its article in the ERP."),
    ),
    "A feature of a product.",
)


def region_name(region: Any) -> str:
    """The English name of a statistic region, or where it has none, the name that clients see."""
    return str(region.name_en or region.ext_name)


STATISTIC_REGION_SHORT: Final = Shape(
    "StatisticRegionCommonShort",
    (
        _ID,
        Field("name", TEXT_SCHEMA, region_name, "Its name in English."),
        Field("external_name", TEXT_SCHEMA, plain("ext_name"), "Its name as clients see it."),
    ),
    "A region in which usage is counted.",
)
UNIT: Final = Shape(
    "UnitCommon",
    (
        Field("id", {**INTEGER_SCHEMA, "minimum": 1}, plain("id")),
        Field("name", TEXT_SCHEMA, plain("name"), "Its name for people."),
        Field("internal_name", TEXT_SCHEMA, plain("internal_name"), "Its name for programs."),
    ),
    "What an amount of usage counts, such as a gigabyte or an hour.",
)


def range_shape(start: str, end: str) -> Shape:
    """A half-open range of time whose edges are in these columns of the row."""
    return Shape(
        "DateTimeTZRange",
        (
            Field(
                "start",
                nullable(MOMENT_SCHEMA),
                moment_or_null(start),
                "The first moment; null is open.",
            ),
            Field(
                "end",
                nullable(MOMENT_SCHEMA),
                moment_or_null(end),
                "The first moment that does not belong to it any more; null is open.",
            ),
        ),
        "A time from `start` up to, but not including, `end`.",
    )


ACTIVE_RANGE: Final = range_shape("active_from", "active_to")
