"""What is owed for a commit, used or not."""

from datetime import timedelta
from fractions import Fraction
from typing import Final

from tollbook.expenses.explaining.steps import FeeStep
from tollbook.expenses.models import Expense
from tollbook.kernel.periods import month_of
from tollbook.rating.commit import commit_fee
from tollbook.rating.commit_hourly import commit_hourly_amount, committed_hours
from tollbook.rating.exact import exact
from tollbook.rating.metered import MeteredLine
from tollbook.rating.proration import days_owed, hours_owed, prorated
from tollbook.rating.rules import CalcRule

_HOURS: Final = timedelta(days=1) // timedelta(hours=1)


@exact
def fee_step(expense: Expense, line: MeteredLine) -> FeeStep:
    """The fee of ``line`` that is part of ``expense``."""
    committed, price = line.terms.committed, line.terms.stages[0].price
    if line.rule is CalcRule.COMMIT_HOURLY:
        hours = hours_owed(line.active_from, expense.for_date, ended_at=line.active_to)
        quantity = committed_hours(committed, hours)
        amount = commit_hourly_amount(quantity, price)
        return FeeStep(line.rule, committed, price, hours, _HOURS, quantity, amount, amount)
    month = month_of(expense.for_date)
    days = days_owed(
        line.active_from,
        month,
        ended_at=line.active_to,
        counts_activation_day=line.terms.conventions.counts_activation_day,
    )
    whole = commit_fee(committed, price)
    rated = prorated(whole, Fraction(days, month.days))
    return FeeStep(line.rule, committed, price, days, month.days, committed, whole, rated)
