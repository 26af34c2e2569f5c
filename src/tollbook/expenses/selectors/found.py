"""Expenses with all that stands inside them, in one query or two."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection, models

from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import Expense
from tollbook.expenses.selectors.parts import MARK_QUERY, PARTS, Part, Parts, find_parts
from tollbook.expenses.selectors.visible import visible_expenses
from tollbook.kernel.errors import NotFound


class FoundExpense(NamedTuple):
    """An expense as JSON has it: amounts are text with all their digits, moments RFC 3339."""

    id: int
    client: Part
    payer_id: int
    addendum: Part
    subscription_id: int | None
    plan: Part
    plan_item: Part
    product: Part
    product_category: Part
    feature: Part
    metric: Part
    region: Part
    unit: Part
    currency: Part
    discount: Part | None
    calc_rule_type: str
    for_date: str
    period_start: str
    period_end: str
    usage: str
    money_value: str
    discount_value: str
    tax_rate: str
    tax_value: str
    deleted: bool
    comment: str | None
    description: str
    beside: Any = None
    """What the caller had read beside it, as JSON has it."""


def _read(name: str) -> str:
    """How a column is read so that its JSON is what goes out."""
    if name in PARTS:
        return f"{name}_id"
    field = Expense._meta.get_field(name)  # noqa: SLF001
    if isinstance(field, models.DecimalField):
        return f"{name}::text"
    if isinstance(field, models.DateTimeField):
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return name


_PLACES: Final = {name: FoundExpense._fields.index(name) for name in PARTS}
_PAGE: Final = """
WITH wanted AS MATERIALIZED (SELECT ARRAY(SELECT id FROM ({keys}) AS keys) AS ids),
facts AS MATERIALIZED (
    SELECT * FROM expenses_expense WHERE id = ANY((SELECT ids FROM wanted)::bigint[]) {bounds}
)
SELECT
    (SELECT json_agg(json_build_array({columns}, {beside})
        ORDER BY array_position((SELECT ids FROM wanted), id)) FROM facts)::text,
    ({mark})
"""
_COLUMNS: Final = ", ".join(_read(name) for name in FoundExpense._fields if name != "beside")
NOTHING: Final = "NULL"
_BOUNDS: Final = "AND for_date BETWEEN %s AND %s"


def find_expense(viewer: Viewer, expense_id: int, *, beside: str = NOTHING) -> FoundExpense:
    """The expense; ``NotFound`` as well where the viewer may not see it."""
    keys = visible_expenses(viewer).filter(pk=expense_id).values("id")
    found = read_expenses(*keys.query.sql_with_params(), beside=beside)
    if not found:
        raise NotFound(f"there is no expense {expense_id}", field="id")
    return found[0]


def read_expenses(
    keys: str,
    values: Sequence[Any],
    days: tuple[date, date] | None = None,
    *,
    beside: str = NOTHING,
) -> list[FoundExpense]:
    """The expenses of the keys (a query of ``id``) in their order.

    Keys are found by indexes alone, so what lies before a window is never read whole; ``days`` that
    hold them all spare the planner the other partitions. ``beside`` is SQL on a row ``facts``:
    rooms above have more to say of an expense. The answer is one text: a driver takes longer to
    make thousands of values one by one than the database takes to find them.
    """
    statement = _PAGE.format(
        columns=_COLUMNS,
        beside=beside,
        keys=keys,
        bounds=_BOUNDS if days else "",
        mark=MARK_QUERY,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, (*values, *(days or ())))
        ((rows, mark),) = cursor.fetchall()
    if rows is None:
        return []
    facts: list[list[Any]] = orjson.loads(rows)
    wanted = {name: {fact[place] for fact in facts} - {None} for name, place in _PLACES.items()}
    parts = find_parts(wanted, mark)
    return [_with_parts(fact, parts) for fact in facts]


def _with_parts(fact: list[Any], parts: Parts) -> FoundExpense:
    for name, place in _PLACES.items():
        number = fact[place]
        if number is not None:
            fact[place] = parts[name][number]
    return FoundExpense._make(fact)
