"""Pages of expenses, as fast at the end of a long list as at its beginning.

An order that begins with the day looks up which days hold the page and reads only those; any other
reads keys from the nearer end of the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import Expense
from tollbook.expenses.selectors.days import DaySpan, count_expenses, counted_by_day, span_of
from tollbook.expenses.selectors.found import NOTHING, FoundExpense, read_expenses
from tollbook.expenses.selectors.visible import visible_expenses

REGION_NAME: Final = "region_name"
"""Orders by the name of the region that is shown: the English one where it has one."""

_REGION_NAME: Final = Coalesce(NullIf("region__name_en", Value("")), "region__ext_name")


@dataclass(frozen=True)
class ExpensePage:
    """How many expenses the list has, and those of the page."""

    count: int
    expenses: Sequence[FoundExpense]


def list_expenses(
    viewer: Viewer,
    conditions: Sequence[Q],
    *,
    order: Sequence[str],
    offset: int,
    limit: int,
    beside: str = NOTHING,
) -> ExpensePage:
    """A page of what the viewer may see, in two queries; ``order`` has ``-`` for descending.

    For ``beside`` see ``read_expenses``.
    """
    span = None
    if order[0] in {"for_date", "-for_date"}:
        days = counted_by_day(viewer, conditions)
        count = rows = sum(number for _, number in days)
        if offset < count:
            ordered = days if order[0] == "for_date" else days[::-1]
            span = span_of(ordered, offset=offset, limit=limit)
            offset, rows = span.offset, span.rows
    else:
        count = rows = count_expenses(viewer, conditions)
    if offset >= rows:
        return ExpensePage(count, ())
    found = _within(visible_expenses(viewer).filter(*conditions), span)
    window = _Window(span, offset, min(limit, rows - offset), rows, beside)
    return ExpensePage(count, _window(found, order, window))


class _Window(NamedTuple):
    """``size`` expenses after ``offset`` of the ``rows`` that there are in ``span``."""

    span: DaySpan | None
    offset: int
    size: int
    rows: int
    beside: str


def _within(found: QuerySet[Expense], span: DaySpan | None) -> QuerySet[Expense]:
    if span is None:
        return found
    if span.first == span.last:
        return found.filter(for_date=span.first)
    return found.filter(for_date__gte=span.first, for_date__lte=span.last)


def _window(found: QuerySet[Expense], order: Sequence[str], window: _Window) -> list[FoundExpense]:
    """The expenses of the window, counted from the nearer end."""
    offset, size, span = window.offset, window.size, window.span
    after = window.rows - offset - size
    backwards = after < offset
    if backwards:
        offset, order = after, [_turned(term) for term in order]
    if any(term.removeprefix("-") == REGION_NAME for term in order):
        found = found.alias(**{REGION_NAME: _REGION_NAME})
    keys = found.order_by(*order).values("id")[offset : offset + size]
    days = None if span is None else (span.first, span.last)
    expenses = read_expenses(*keys.query.sql_with_params(), days, beside=window.beside)
    return expenses[::-1] if backwards else expenses


def _turned(term: str) -> str:
    return term[1:] if term.startswith("-") else f"-{term}"
