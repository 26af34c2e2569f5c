"""A month of the ledger as rows of the standard: the whole SQL, in order and with unit prices.

Written for PostgreSQL, whose numeric keeps every digit. ``expenses`` and ``invoices`` are queries
of what the asker may see and asked for; no other value comes from outside.
"""

from datetime import date
from typing import Final

from tollbook.catalog.rules import CalcRuleType
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.periods import DateRange
from tollbook.reports.templates.focus.commits_sql import (
    COMMITS,
    HOURLY_UNUSED_ROWS,
    HOURLY_USED_ROWS,
    HOURS,
    UNMEASURED_ROWS,
    UNUSED_ROWS,
    USED_ROWS,
)
from tollbook.reports.templates.focus.invoices_sql import (
    BALANCE_ROWS,
    INVOICED,
    ROUNDING_ROWS,
    TAX_ROWS,
    UNBILLED_TAX_ROWS,
)
from tollbook.reports.templates.focus.ledger_sql import LEDGER, OWNER
from tollbook.reports.templates.focus.terms import RowKind

WITHOUT_NESTED_LOOPS: Final = "SELECT set_config('enable_nestloop', 'off', true)"
"""For the rest of the transaction. How many rows the steps below have is beyond guessing: where
they are taken for few, loops within loops take hours, while hashes and sorts are never far off."""
_RULES: Final = f"('{CalcRuleType.COMMIT}', '{CalcRuleType.COMMIT_HOURLY}')"

_PLAIN_ROWS: Final = f"""
SELECT
    CASE
        WHEN kind = '{ExpenseKind.USAGE}' THEN {RowKind.USAGE:d}
        WHEN kind = '{ExpenseKind.FEE}' THEN {RowKind.PURCHASE:d}
        WHEN kind = '{ExpenseKind.CREDIT}' THEN {RowKind.CREDIT:d}
        WHEN calc_rule_type NOT IN {_RULES} AND charge_month < {{month}}
            THEN {RowKind.CORRECTION:d}
        WHEN calc_rule_type NOT IN {_RULES} THEN {RowKind.USAGE:d}
        WHEN charge_month < {{month}} THEN {RowKind.FEE_CORRECTION:d}
        ELSE {RowKind.ADJUSTMENT:d}
    END AS row_kind,
    for_date, billed.id, {OWNER}, invoice_id, billed.addendum_id, billed.plan_item_id, product_id,
    feature_id, region_id, unit_id, period_start, period_end, tax_rate,
    usage - coalesce(covered.part, 0) AS quantity, list_value, money_value AS contracted_value,
    money_value AS billed_value,
    CASE kind WHEN '{ExpenseKind.FEE}' THEN 0 ELSE money_value END AS effective_value,
    CASE kind WHEN '{ExpenseKind.FEE}' THEN billed.plan_item_id END AS commit_item_id,
    CASE kind WHEN '{ExpenseKind.FEE}'
        THEN usage * coalesce(capacities.regions, hourly_capacities.regions, 1)
    END AS commit_quantity
FROM billed
LEFT JOIN (SELECT id, sum(part) AS part FROM shares GROUP BY id) AS covered
    ON covered.id = billed.id
LEFT JOIN capacities ON kind = '{ExpenseKind.FEE}'
    AND (capacities.addendum_id, capacities.plan_item_id)
    = (billed.addendum_id, billed.plan_item_id)
LEFT JOIN hourly_capacities ON hourly_capacities.id = billed.id
WHERE covered.part IS NULL OR usage > covered.part OR money_value <> 0 OR list_value <> 0"""  # noqa: S608  ours alone


def _price(of: str) -> str:
    """The price with the fewest decimals that gives the amount ``of``; blended ones have 24."""
    tries = " ".join(
        f"WHEN round(round({of}_price, {places}) * priced, 12) = {of}_value"
        f" THEN round({of}_price, {places})"
        for places in (6, 9, 12, 18)
    )
    return f"CASE {tries} ELSE round({of}_price, 24) END AS {of}_price"


_HAS_NO_PRICE: Final = ", ".join(
    f"{kind:d}" for kind in (RowKind.CREDIT, RowKind.BALANCE, RowKind.ROUNDING, RowKind.TAX)
)
_IS_CONSUMED: Final = ", ".join(
    f"{kind:d}" for kind in (RowKind.USED, RowKind.USAGE, RowKind.CORRECTION)
)
_TOLD: Final = f"""
SELECT row_kind, id, {OWNER}, invoice_id, addendum_id, plan_item_id, product_id, feature_id,
    region_id, unit_id, date_trunc('second', period_start) AS period_start,
    date_trunc('second', period_end) AS period_end, tax_rate,
    CASE WHEN row_kind IN ({_IS_CONSUMED}) THEN quantity END AS consumed,
    priced, {_price("list")}, {_price("contracted")}, list_value, contracted_value, billed_value,
    effective_value, commit_item_id, commit_quantity
FROM (
    SELECT *,
        CASE WHEN priced = 0 THEN 0 ELSE list_value::numeric(80, 40) / priced END AS list_price,
        CASE WHEN priced = 0 THEN 0 ELSE contracted_value::numeric(80, 40) / priced END
            AS contracted_price
    FROM (
        SELECT *, CASE
            WHEN row_kind IN ({_HAS_NO_PRICE}) THEN NULL
            WHEN quantity = 0 THEN sign(list_value)
            WHEN list_value * quantity < 0 THEN -quantity
            ELSE quantity
        END AS priced
        FROM ({{rows}}) AS made
        WHERE {{wanted}}
        OFFSET 0
    ) AS counted
    OFFSET 0
) AS divided
ORDER BY for_date, id, row_kind, {OWNER}, addendum_id, plan_item_id, region_id, invoice_id,
    tax_rate
"""  # noqa: S608  ours alone
"""Rows with their unit prices, none of which is negative: what lowers the cost has its quantity
turned, and an amount without a quantity counts as one."""


def expense_rows(
    *, expenses: str, invoices: str, used: str, month: DateRange, days: DateRange
) -> str:
    """The rows of a month's expenses that count for ``days``, in order.

    ``used`` is SQL of what was used within hourly commits.
    """
    rows = "\nUNION ALL\n".join(
        (_PLAIN_ROWS, USED_ROWS, UNMEASURED_ROWS, HOURLY_USED_ROWS, HOURLY_UNUSED_ROWS)
    )
    told = _TOLD.format(rows=rows.format(month=_day(month.start)), wanted=_within(days))
    ledger = LEDGER.format(expenses=expenses, invoices=invoices)
    return f"WITH {ledger}, {COMMITS}, {HOURS.format(used=used)} {told}"


def month_rows(
    *, expenses: str, invoices: str, month: DateRange, days: DateRange, whole: bool
) -> str:
    """The rows of a month as a whole; ``whole`` asks for those of invoices and taxes too.

    Those that only the month's end can tell come where ``days`` have its last day.
    """
    ended = days.start < month.end <= days.end
    parts = [UNUSED_ROWS] if ended else []
    if whole:
        parts += [BALANCE_ROWS, ROUNDING_ROWS, TAX_ROWS] if ended else []
        parts.append(UNBILLED_TAX_ROWS)
    if not parts:
        return ""
    rows = "\nUNION ALL\n".join(parts).format(
        last_day=_day(month.end) + " - 1",
        starts=_moment(month.start),
        ends=_moment(month.end),
        within=_within(days),
    )
    told = _TOLD.format(rows=rows, wanted="true")
    ledger = LEDGER.format(expenses=expenses, invoices=invoices)
    return f"WITH {ledger}, {COMMITS}, {INVOICED} {told}"


def _within(days: DateRange) -> str:
    return f"for_date >= {_day(days.start)} AND for_date < {_day(days.end)}"


def _day(day: date) -> str:
    return f"'{day.isoformat()}'::date"


def _moment(day: date) -> str:
    return f"'{day.isoformat()}T00:00:00Z'::timestamptz"
