"""The columns of ``ResellerExpenses``, for each way of grouping, and what they are made of."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pyarrow as pa

from tollbook.reports.dataset import Made
from tollbook.reports.templates.shared_columns import (
    CLIENT_NAME,
    PRODUCT_ID,
    PRODUCT_NAME,
    RESELLER_ID,
    category_names,
    currency_codes,
    fact,
    feature_names,
    money,
    name,
    payer_names,
    plan_names,
    region_names,
    unit_names,
)
from tollbook.results.columns import MONEY, TIMESTAMP, Kind

AMOUNTS: Final = (
    "money_before_discount",
    "discount_value",
    "money_value",
    "tax_value",
    "total_value",
)
"""What is totalled, currency by currency."""
DAYS: Final = "for_date"
_OF_ONE_ROW: Final = frozenset({"reason", "comment"})
"""Texts that may be others in each row."""
PERCENT: Final = pa.decimal128(5, 2)

CLIENT_ID: Final = fact("client_id", "Client ID", pa.int32(), "The client that used the service.")
FEATURE_NAME: Final = name(
    "feature_name", "Feature", "feature_id", feature_names, "What was measured and priced."
)
REGION_ID: Final = fact("region_id", "Region ID", pa.int32(), "The region.")
REGION_NAME: Final = name(
    "region_name", "Region", "region_id", region_names, "Where the usage was counted."
)
UNIT_NAME: Final = name("unit_name", "Unit", "unit_id", unit_names, "What one of Usage is.")
CURRENCY: Final = name(
    "currency", "Currency", "currency_id", currency_codes, "ISO 4217 code of every amount here."
)
DELETED: Final = fact(
    "deleted",
    "Deleted",
    pa.bool_(),
    "Whether a later revision replaced it; such rows come only with include_deleted.",
)

_OF_EACH: Final = (
    fact("id", "Expense ID", pa.int64(), "The expense's number in the book."),
    fact("for_date", "Date", pa.date32(), "The day the expense counts for (UTC)."),
    fact("period_start", "Used from", TIMESTAMP, "When the service was used: the start (UTC)."),
    fact("period_end", "Used until", TIMESTAMP, "The end of that period, exclusive (UTC)."),
    RESELLER_ID,
    CLIENT_ID,
    CLIENT_NAME,
    fact("payer_id", "Payer ID", pa.int32(), "Who is invoiced for the client."),
    name("payer_name", "Payer", "payer_id", payer_names, "The payer's company name."),
    fact("addendum_id", "Addendum ID", pa.int32(), "The client's contract on the plan."),
    name("plan_name", "Plan", "plan_id", plan_names, "The tariff that was applied."),
    fact("plan_item_id", "Plan item ID", pa.int32(), "The priced feature of the plan."),
    PRODUCT_ID,
    PRODUCT_NAME,
    FEATURE_NAME,
    REGION_ID,
    REGION_NAME,
    fact(
        "calc_rule",
        "Calc rule",
        pa.string(),
        "How quantity and price became the amount: commit, overcommit, stepped, staged or "
        "commit_hourly.",
        of="calc_rule_type",
    ),
    fact("kind", "Kind", pa.string(), "usage, fee, correction of a closed month, or credit used."),
    fact("usage", "Usage", MONEY, "The billed quantity, in units."),
    UNIT_NAME,
    CURRENCY,
    money(
        "money_before_discount",
        "Cost before discount",
        ("money_value", "discount_value"),
        "Cost + Discount.",
    ),
    money("discount_value", "Discount", ("discount_value",), "What the discount took off."),
    money("money_value", "Cost", ("money_value",), "The amount after discount, before tax."),
    fact("tax_rate", "Tax rate, %", PERCENT, "The payer's tax rate when it was rated."),
    money("tax_value", "Tax", ("tax_value",), "The tax on Cost."),
    money("total_value", "Cost with tax", ("money_value", "tax_value"), "Cost + Tax."),
    DELETED,
    fact("reason", "Reason", pa.string(), "Why a revision was made or replaced."),
    fact("comment", "Comment", pa.string(), "A note of the reseller's."),
)


def _kept(made: Made) -> Made:
    """The column with it declared whether its texts are kept as a dictionary: not by what they are.

    So months that are written each by itself are written alike.
    """
    column = made.column
    if column.kind is not Kind.TEXT:
        return made
    return replace(made, column=replace(column, repeats=column.key not in _OF_ONE_ROW))


EACH_EXPENSE: Final = tuple(map(_kept, _OF_EACH))

_SUMS: Final = (
    CURRENCY,
    DELETED,
    fact("expenses", "Expenses", pa.int64(), "How many expenses went into the row."),
    money(
        "money_before_discount",
        "Cost before discount",
        ("money_sum", "discount_sum"),
        "Cost + Discount.",
    ),
    money("discount_value", "Discount", ("discount_sum",), "What discounts took off."),
    money("money_value", "Cost", ("money_sum",), "The sum after discount, before tax."),
    money("tax_value", "Tax", ("tax_sum",), "The tax on Cost."),
    money("total_value", "Cost with tax", ("money_sum", "tax_sum"), "Cost + Tax."),
)

GROUPED: Final[Mapping[str, tuple[Made, ...]]] = {
    "day": (
        fact("for_date", "Date", pa.date32(), "The day the expenses count for (UTC)."),
        *_SUMS,
    ),
    "client": (RESELLER_ID, CLIENT_ID, CLIENT_NAME, *_SUMS),
    "product": (
        PRODUCT_ID,
        PRODUCT_NAME,
        name(
            "product_category",
            "Product category",
            "product_category_id",
            category_names,
            "The product's category when the expense was rated.",
        ),
        *_SUMS,
    ),
    "feature": (
        PRODUCT_ID,
        PRODUCT_NAME,
        fact("feature_id", "Feature ID", pa.int32(), "The feature."),
        FEATURE_NAME,
        fact("usage", "Usage", MONEY, "The billed quantity, in units.", of="usage_sum"),
        UNIT_NAME,
        *_SUMS,
    ),
    "region": (
        REGION_ID,
        REGION_NAME,
        *_SUMS,
    ),
    "month": (
        fact("month", "Month", pa.date32(), "The first day of the month (UTC)."),
        *_SUMS,
    ),
}
"""Rows are never added up across currencies, nor live expenses with deleted ones."""
