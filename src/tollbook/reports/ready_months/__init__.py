"""Closed months that are ready to be put into reports on them, as they were written once."""

from tollbook.reports.ready_months.finding import find_ready_months, give_up_month
from tollbook.reports.ready_months.keeping import prepare_months, sweep_months

__all__ = ["find_ready_months", "give_up_month", "prepare_months", "sweep_months"]
