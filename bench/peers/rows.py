"""The rows of the report as Django asks for them."""

from collections.abc import Sequence

from django.db.models import F, QuerySet

from bench.span import PATHS, Span
from tollbook.expenses.models import Expense
from tollbook.results.columns import Column


def chosen_expenses(span: Span) -> QuerySet[Expense]:
    """The live expenses of ``span``, in the report's order."""
    live = Expense.objects.filter(deleted=False)
    in_span = live.filter(for_date__gte=span.start, for_date__lt=span.end)
    return in_span.order_by("for_date", "id").annotate(
        money_before_discount=F("money_value") + F("discount_value"),
        total_value=F("money_value") + F("tax_value"),
    )


def relations_of(columns: Sequence[Column]) -> list[str]:
    """What must be joined so that no row asks the database again."""
    paths = (PATHS[column.key] for column in columns)
    return sorted({path.rpartition("__")[0] for path in paths if "__" in path})


def chosen_values(span: Span, columns: Sequence[Column]) -> QuerySet[Expense, tuple[object, ...]]:
    """The same as tuples, in the order of ``columns``."""
    return chosen_expenses(span).values_list(*(PATHS[column.key] for column in columns))
