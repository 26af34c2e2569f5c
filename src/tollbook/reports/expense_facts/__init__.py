"""Facts of expenses: open months from the ledger, sealed ones from their segments, in one order."""

from tollbook.reports.expense_facts.asked import AskedExpenses, asked_expenses
from tollbook.reports.expense_facts.counted import count_days, count_expenses
from tollbook.reports.expense_facts.grouped import read_groups
from tollbook.reports.expense_facts.places import Closed, Places, find_closed, find_places
from tollbook.reports.expense_facts.reading import read_expenses
from tollbook.reports.expense_facts.seen import Seen

__all__ = [
    "AskedExpenses",
    "Closed",
    "Places",
    "Seen",
    "asked_expenses",
    "count_days",
    "count_expenses",
    "find_closed",
    "find_places",
    "read_expenses",
    "read_groups",
]
