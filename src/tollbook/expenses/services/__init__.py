"""Writes of expenses: rating, corrections, loading, the states of months, and stops."""

from tollbook.expenses.runs.summary import RatingSummary
from tollbook.expenses.services.corrections import CORRECTION_REASON, correct_closed_months
from tollbook.expenses.services.loading import (
    EXPENSE_SCHEMA,
    ensure_month_partitions,
    fold_counts,
    load_expenses,
    load_new_months,
)
from tollbook.expenses.services.months import (
    abandon_closing,
    begin_closing,
    finish_closing,
    lock_month,
)
from tollbook.expenses.services.rating import rate_month
from tollbook.expenses.services.sparing import LeftOut, rate_but_broken
from tollbook.expenses.services.stopping import (
    MOST_ADDENDUMS,
    check_may_stop,
    submit_stop,
    write_stop,
)
from tollbook.expenses.services.waking import (
    rate_asked,
    rate_imported,
    rate_open_months,
    rate_stopped,
)

__all__ = [
    "CORRECTION_REASON",
    "EXPENSE_SCHEMA",
    "MOST_ADDENDUMS",
    "LeftOut",
    "RatingSummary",
    "abandon_closing",
    "begin_closing",
    "check_may_stop",
    "correct_closed_months",
    "ensure_month_partitions",
    "finish_closing",
    "fold_counts",
    "load_expenses",
    "load_new_months",
    "lock_month",
    "rate_asked",
    "rate_but_broken",
    "rate_imported",
    "rate_month",
    "rate_open_months",
    "rate_stopped",
    "submit_stop",
    "write_stop",
]
