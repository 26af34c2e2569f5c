"""Reads of expenses: which months there are, what a viewer may see, and pages of it."""

from tollbook.expenses.selectors.explained import find_explanation
from tollbook.expenses.selectors.found import FoundExpense, find_expense
from tollbook.expenses.selectors.months import (
    closed_resellers,
    find_month_state,
    first_open_month,
    is_open,
    months_closed_before_their_usage,
    resellers_in,
)
from tollbook.expenses.selectors.pages import ExpensePage, list_expenses
from tollbook.expenses.selectors.partitions import has_month_partition
from tollbook.expenses.selectors.parts import Part
from tollbook.expenses.selectors.visible import visible_expenses

__all__ = [
    "ExpensePage",
    "FoundExpense",
    "Part",
    "closed_resellers",
    "find_expense",
    "find_explanation",
    "find_month_state",
    "first_open_month",
    "has_month_partition",
    "is_open",
    "list_expenses",
    "months_closed_before_their_usage",
    "resellers_in",
    "visible_expenses",
]
