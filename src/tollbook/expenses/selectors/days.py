"""How many expenses a list has of each day: exact, and mostly without a look at the expenses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, Manager, Q, Sum

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import DayCount, ProductCount
from tollbook.expenses.selectors.visible import expenses_seen_by, visible_expenses

_BY_DAY: Final = frozenset({"for_date", "reseller_id", "deleted"})
_COUNTED: Final[Mapping[type[DayCount | ProductCount], frozenset[str]]] = {
    DayCount: _BY_DAY,
    ProductCount: _BY_DAY | {"product_id", "product_category_id", "currency_id"},
}
"""What each table of counts can be asked about, the smallest table first."""

_SEE_WHOLE_RESELLERS: Final = {Role.OPERATOR, Role.ADMIN}


@dataclass(frozen=True)
class DaySpan:
    """The days ``first`` to ``last`` that hold a window, and where in them it begins.

    ``rows`` is how many expenses of the list those days hold.
    """

    first: date
    last: date
    rows: int
    offset: int


def counted_by_day(viewer: Viewer, conditions: Sequence[Q]) -> list[tuple[date, int]]:
    """The days of the list with their numbers of expenses, in order; none of them is zero."""
    if counts := _kept_counts(viewer, conditions):
        kept = counts.filter(expenses_seen_by(viewer), *conditions)
        days = kept.order_by("for_date").values_list("for_date").annotate(Sum("expenses"))
        return [(day, number) for day, number in days if number]
    found = visible_expenses(viewer).filter(*conditions).order_by("for_date")
    return list(found.values_list("for_date").annotate(number=Count("*")))


def count_expenses(viewer: Viewer, conditions: Sequence[Q]) -> int:
    """How many expenses the list has."""
    if counts := _kept_counts(viewer, conditions):
        kept = counts.filter(expenses_seen_by(viewer), *conditions)
        return kept.aggregate(number=Sum("expenses", default=0))["number"]  # type: ignore[no-any-return]
    return visible_expenses(viewer).filter(*conditions).count()


def span_of(days: Sequence[tuple[date, int]], *, offset: int, limit: int) -> DaySpan:
    """Where the window lies in ``days``, which come in the order of the list; it is not empty."""
    held: list[date] = []
    before = rows = 0
    for day, number in days:
        if not held and before + number <= offset:
            before += number
        elif rows < offset - before + limit:
            held.append(day)
            rows += number
        else:
            break
    return DaySpan(min(held), max(held), rows, offset - before)


def _kept_counts(
    viewer: Viewer, conditions: Sequence[Q]
) -> Manager[DayCount] | Manager[ProductCount] | None:
    """The smallest table of counts that can tell; none where none can."""
    if viewer.role not in _SEE_WHOLE_RESELLERS:
        return None
    asked = {name for condition in conditions for name in _columns_of(condition)}
    able = (table.objects for table, columns in _COUNTED.items() if asked <= columns)
    return next(able, None)


def _columns_of(condition: object) -> Iterator[str]:
    """The columns that a condition looks at; what is no ``Q`` looks at more than are known."""
    if not isinstance(condition, Q):
        yield "*"
        return
    for child in condition.children:
        if isinstance(child, tuple):
            yield str(child[0]).partition("__")[0]
        else:
            yield from _columns_of(child)
