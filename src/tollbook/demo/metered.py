"""Metered usage of the demo's contracts, rated day by day as a rating run would."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from tollbook.demo.demand import measured_in_hours, measured_on, usual_daily
from tollbook.demo.lines import ONE_DAY, Line
from tollbook.demo.measured import Measured
from tollbook.demo.posted import Posted, post
from tollbook.demo.remarks import (
    LATE_REASON,
    REMARKS,
    RETURNED_REASON,
    REVISION_REASONS,
    SENT_TWICE_REASON,
    WITHDRAWN_REASON,
    WRONG_TAX_REASON,
)
from tollbook.demo.seed import BOOK_MONTHS, below, chance
from tollbook.demo.tariffs import Tariff
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange, day_start
from tollbook.rating.commit_hourly import hourly_excess
from tollbook.rating.rules import Terms, posting
from tollbook.rating.usage import billed_quantity

_ONE_HOUR: Final = timedelta(hours=1)
_CORRECTED_AFTER: Final = timedelta(days=2)
_WITHDRAWN_OF_10_000: Final = 6
_REVISED_OF_10_000: Final = 150
_CORRECTED_OF_1_000: Final = 35
_BUSY_PERCENT: Final = 90
"""How much of an hourly commit is in use in a usual hour."""


@dataclass(frozen=True)
class _Meter:
    """A line with what its usage is drawn from; ``dice`` moves on with every draw."""

    line: Line
    tariff: Tariff
    terms: Terms
    hourly_commit: Decimal | None
    usual: int
    trend: int
    dice: Random


def metered_usage(line: Line) -> Iterator[Posted | Measured]:
    """The expenses of ``line`` day by day: month-to-date differences and last month's rest.

    Before those of a day comes the usage that they are rated from; test traffic that was
    withdrawn left none.
    """
    meter = _meter_of(line)
    days = set(line.days())
    used = last_used = ZERO
    for month in BOOK_MONTHS:
        yield from _correction(meter, month, used, last_used)
        used = last_used = ZERO
        for day in month:
            if day not in days:
                continue
            measured = _measured_on(meter, day)
            quantity = _quantity_of(meter, measured)
            rows = _day(meter, day, used, quantity) if quantity else []
            if not rows or not rows[-1].deleted:
                yield from measured
                used, last_used = used + quantity, quantity or last_used
            yield from rows


def _meter_of(line: Line) -> _Meter:
    addendum, tariff = line.addendum, line.subscription.tariff
    dice = chance("usage", line.number)
    hourly_commit = addendum.hourly_commit_of(tariff)
    usual = 0
    if hourly_commit is None:
        usual = usual_daily(tariff.feature_id, addendum.client.size, dice)
    return _Meter(
        line=line,
        tariff=tariff,
        terms=Terms(tariff.ladder(addendum.currency_id), addendum.committed_of(tariff)),
        hourly_commit=hourly_commit,
        usual=usual,
        trend=dice.randrange(-3, 8),
        dice=dice,
    )


def _measured_on(meter: _Meter, day: date) -> list[Measured]:
    """The usage of a day; hour by hour where a commit is."""
    line = meter.line
    if meter.hourly_commit is None:
        amount = measured_on(day, meter.usual, meter.trend, meter.dice)
        return [Measured(line.number, *line.period_on(day), Decimal(amount))]
    first = line.start_on(day)
    hours = range(first.hour, 24)
    busy = int(meter.hourly_commit) * _BUSY_PERCENT
    return [
        Measured(line.number, start, start + _ONE_HOUR, hundredths.scaleb(-2))
        for start, hundredths in zip(
            (first + number * _ONE_HOUR for number in range(len(hours))),
            measured_in_hours(hours, busy, meter.dice),
            strict=True,
        )
    ]


def _quantity_of(meter: _Meter, measured: list[Measured]) -> Decimal:
    if meter.hourly_commit is not None:
        return hourly_excess((each.amount for each in measured), meter.hourly_commit)
    return billed_quantity(
        measured[0].amount,
        unit_size=Decimal(meter.tariff.unit_size),
        rounding=meter.tariff.usage_rounding,
    )


def _day(meter: _Meter, day: date, used: Decimal, quantity: Decimal) -> list[Posted]:
    """A day's rows: mostly one; a withdrawn one, or a deleted one and its successor."""
    row = _row(meter, day, used, quantity)
    fate = below(meter.dice, 10_000)
    if fate < _WITHDRAWN_OF_10_000:
        return [row._replace(deleted=True, reason=WITHDRAWN_REASON)]
    if fate < _REVISED_OF_10_000:
        return _revised(meter, row, used)
    return [row]


def _row(
    meter: _Meter, day: date, used: Decimal, quantity: Decimal, *, tax: Decimal | None = None
) -> Posted:
    rated = posting(meter.tariff.rule, meter.terms, used_before=used, used=quantity)
    period = meter.line.period_on(day)
    row = post(meter.line, ExpenseKind.USAGE, day, period, quantity, rated, tax=tax)
    remarked = below(meter.dice, 50) == 0
    return row._replace(comment=meter.dice.choice(REMARKS)) if remarked else row


def _revised(meter: _Meter, row: Posted, used: Decimal) -> list[Posted]:
    reason, quantity, tax = meter.dice.choice(REVISION_REASONS), row.usage, None
    if reason == WRONG_TAX_REASON:
        tax = Decimal(10) if row.tax_rate == 0 else ZERO
    elif reason == SENT_TWICE_REASON:
        quantity *= 2
    else:
        quantity = _part_of(meter, quantity)
    first = _row(meter, row.for_date, used, quantity, tax=tax)
    return [first._replace(deleted=True, reason=reason), row._replace(revision=2)]


def _part_of(meter: _Meter, quantity: Decimal) -> Decimal:
    multiple = Decimal(meter.tariff.rounding[1] if meter.tariff.rounding else "0.000000001")
    return quantity * meter.dice.randrange(3, 10) // (10 * multiple) * multiple


def _correction(
    meter: _Meter, month: DateRange, used: Decimal, last_used: Decimal
) -> Iterator[Posted]:
    """What people agreed on about the month before, posted by hand on the third of ``month``."""
    if not used or meter.dice.randrange(1000) >= _CORRECTED_OF_1_000:
        return
    ended = meter.line.addendum.active_to == day_start(month.start)
    withdrawn = ended or meter.dice.randrange(3) == 0
    quantity = -last_used if withdrawn else last_used
    rated = posting(meter.tariff.rule, meter.terms, used_before=used, used=quantity)
    row = post(
        meter.line,
        ExpenseKind.CORRECTION,
        month.start + _CORRECTED_AFTER,
        meter.line.period_on(month.start - ONE_DAY),
        quantity,
        rated,
    )
    yield row._replace(reason=RETURNED_REASON if withdrawn else LATE_REASON)
