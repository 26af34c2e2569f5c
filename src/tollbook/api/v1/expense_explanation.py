"""What the explanation of an expense looks like on the wire: every number an exact string."""

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    TEXT_SCHEMA,
    Field,
    Shape,
    nested,
    nested_list,
    nullable,
    plain,
    words,
)
from tollbook.expenses.explaining.steps import Origin
from tollbook.kernel.money import digits_text
from tollbook.rating.rules import CalcRule
from tollbook.rating.usage import RoundWay

EXACT_SCHEMA: Final = {"type": "string", "format": "decimal", "pattern": r"^-?\d+(\.\d+)?$"}
"""All digits of an exact number: a product has more decimals than an amount at rest."""


def _exact(name: str, description: str, column: str | None = None) -> Field:
    read = attrgetter(column or name)
    return Field(name, EXACT_SCHEMA, lambda row: digits_text(read(row)), description)


def _exact_or_none(name: str, description: str) -> Field:
    read = attrgetter(name)

    def digits(row: Any) -> str | None:
        value = read(row)
        return None if value is None else digits_text(value)

    return Field(name, nullable(EXACT_SCHEMA), digits, description)


def _moment(column: str) -> Callable[[Any], str]:
    read = attrgetter(column)
    return lambda row: _moment_text(read(row))


def _moment_text(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


RECORD: Final = Shape(
    "ExplainedUsageRecordV1",
    (
        Field("record_id", TEXT_SCHEMA, plain("record_id"), "As it was imported."),
        Field("resource_id", nullable(TEXT_SCHEMA), plain("resource_id"), "What used it."),
        Field("period_start", MOMENT_SCHEMA, _moment("period_start")),
        Field("period_end", MOMENT_SCHEMA, _moment("period_end")),
        _exact("amount", "In the unit of the feature's metric."),
    ),
    "A usage record.",
)
RECORDS: Final = Shape(
    "ExplainedUsageRecordsV1",
    (
        Field("count", INTEGER_SCHEMA, plain("count"), "How many records there are."),
        _exact("measured", "Their sum, in the unit of the feature's metric."),
        nested_list("shown", RECORD, plain("shown"), "The first hundred of them."),
    ),
    "The usage records of the day.",
)
ROUNDING: Final = Shape(
    "ExplainedRoundingV1",
    (
        Field("way", words(RoundWay), lambda row: row.way.value, "Up or down."),
        _exact("multiple", "To a multiple of so many billed units."),
    ),
    "How usage is rounded, once a day.",
)
QUANTITY: Final = Shape(
    "ExplainedQuantityV1",
    (
        _exact("free", "What of it a trial covers."),
        _exact_or_none("hourly_commit", "What is committed for each hour; null where nothing is."),
        _exact(
            "charged",
            "What is left to be charged; of an hourly commit what exceeds it, hour by hour.",
        ),
        _exact("unit_size", "So many measured units make one billed unit."),
        nested("rounding", ROUNDING, plain("rounding"), "Null where none is.", empty=True),
        _exact("billed", "The day's billed units."),
        _exact("posted", "What of them was billed before, where this is a correction."),
        _exact("quantity", "What this expense bills."),
    ),
    "From measured to billed units.",
)
SLICE: Final = Shape(
    "ExplainedSliceV1",
    (
        _exact("threshold", "From so many units on…"),
        _exact("price", "…one unit costs this."),
        _exact("quantity", "How much lies in the stage."),
        _exact("amount", "Quantity times price."),
    ),
    "A part of a quantity at the price of its stage.",
)
PRICED: Final = Shape(
    "ExplainedCostV1",
    (
        _exact("used", "Billed units of the month so far."),
        _exact("priced", "What of them is priced: under `overcommit` what exceeds the commit."),
        nested_list("slices", SLICE, plain("slices"), "By stages of the price ladder."),
        _exact("cost", "The sum of the slices."),
    ),
    "The month to date.",
)
MONTH: Final = Shape(
    "ExplainedMonthV1",
    (
        Field("rule", words(CalcRule), lambda row: row.rule.value, "How it is priced."),
        _exact("committed", "What is committed for the month, and owed by an expense of its own."),
        _exact("commit_used", "How much of the commit is used up."),
        _exact("commit_left", "How much of it is left."),
        nested("before", PRICED, plain("before"), "Before this expense."),
        nested("after", PRICED, plain("after"), "With it; the difference of the costs is rated."),
    ),
    "What the expense adds to the cost of the month.",
)
FEE: Final = Shape(
    "ExplainedFeeV1",
    (
        Field("rule", words(CalcRule), lambda row: row.rule.value, "By the month or by the hour."),
        _exact("committed", "What is committed."),
        _exact("price", "Of one unit, for a month or an hour."),
        Field("owed", INTEGER_SCHEMA, plain("owed"), "Days of the month, or hours of the day…"),
        Field("of", INTEGER_SCHEMA, plain("of"), "…of so many."),
        _exact("quantity", "What is billed: under `commit_hourly` committed times hours."),
        _exact("whole", "What it costs; of a monthly commit for the whole month."),
        _exact("rated", "The part that is owed, at twelve decimals."),
    ),
    "A fee that is owed whether anything is used or not.",
)
CHARGE: Final = Shape(
    "ExplainedChargeV1",
    (
        _exact("rated", "What the rule gives, before rounding."),
        Field(
            "discount_id",
            nullable(INTEGER_SCHEMA),
            plain("discount_id"),
            "The discount that holds; null where none does.",
        ),
        _exact("discount_percent", "Its percentage."),
        _exact("discount_value", "What it takes off.", "charge.discount"),
        _exact("money_value", "What is left, at twelve decimals.", "charge.net"),
        _exact(
            "credit",
            "What bonus credit takes of this expense: nothing, a closing posts it as expenses "
            "of its own.",
            "charge.bonus",
        ),
        _exact("taxable", "What is taxed.", "charge.taxable"),
        _exact("tax_rate", "How many percent the tax is."),
        _exact("tax_value", "The tax, at twelve decimals.", "charge.tax"),
        _exact("due", "Taxable and tax together.", "charge.due"),
    ),
    "From the rated amount to what is due.",
)
EXPLANATION: Final = Shape(
    "ExpenseExplanationV1",
    (
        Field("origin", words(Origin), lambda row: row.origin.value, "How it came to be."),
        Field(
            "matches",
            {"type": "boolean"},
            plain("matches"),
            "Whether these steps, by the records and contracts of now, come to what is stored. A "
            "revision that was replaced may not, nor a closed month whose prices have changed.",
        ),
        nested("records", RECORDS, plain("records"), "Null for what has none.", empty=True),
        nested("quantity", QUANTITY, plain("quantity"), "Null without records.", empty=True),
        nested("month", MONTH, plain("month"), "Null without records.", empty=True),
        nested_list("fees", FEE, plain("fees"), "The fees that it is the sum of; mostly one."),
        nested("charge", CHARGE, plain("charge"), "Discount, credit and tax."),
        Field(
            "credit_expense_ids",
            {"type": "array", "items": INTEGER_SCHEMA},
            lambda row: list(row.credit_expense_ids),
            "Expenses of the month by which bonus credit paid for this plan item.",
        ),
    ),
    "Each step from usage records to the amount, computed anew by the reference of the pricing "
    "rules.",
)
