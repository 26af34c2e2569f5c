"""Fees of the demo's contracts, owed whether anything is used or not."""

from collections.abc import Iterator
from datetime import timedelta

from tollbook.demo.lines import Line
from tollbook.demo.posted import Posted, post
from tollbook.demo.seed import BOOK_MONTHS
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.periods import day_start
from tollbook.rating.commit import first_commit_fee
from tollbook.rating.commit_hourly import commit_hourly_amount, committed_hours


def monthly_fees(line: Line) -> Iterator[Posted]:
    """A fee for each month, on its first active day, for what is left of the month."""
    tariff, addendum = line.subscription.tariff, line.addendum
    price = tariff.ladder(addendum.currency_id)[0].price
    active = set(line.days())
    for month in BOOK_MONTHS:
        day = next((day for day in month if day in active), None)
        if day is None:
            continue
        fee = first_commit_fee(
            line.subscription.committed, price, activated_at=addendum.active_from, month=month
        )
        period = (line.start_on(day), day_start(month.end))
        yield post(line, ExpenseKind.FEE, day, period, line.subscription.committed, fee)


def hourly_fees(line: Line) -> Iterator[Posted]:
    """A fee for each day, for its hours since activation."""
    price = line.subscription.tariff.ladder(line.addendum.currency_id)[0].price
    for day in line.days():
        period = line.period_on(day)
        hours = (period[1] - period[0]) // timedelta(hours=1)
        owed = committed_hours(line.subscription.committed, hours)
        amount = commit_hourly_amount(owed, price)
        yield post(line, ExpenseKind.FEE, day, period, owed, amount)
