"""From the usage records of a day to what they add to the cost of the month."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from tollbook.expenses.explaining.client_month import ClientMonth, LakeRecord
from tollbook.expenses.explaining.steps import (
    MonthStep,
    PricedStep,
    QuantityStep,
    RecordsStep,
    RecordStep,
    SliceStep,
)
from tollbook.kernel.money import ZERO
from tollbook.rating.commit_hourly import hourly_excess
from tollbook.rating.exact import exact
from tollbook.rating.ladder import slices_of
from tollbook.rating.metered import MeteredLine
from tollbook.rating.overcommit import excess_quantity
from tollbook.rating.rules import AMOUNT_OF, CalcRule
from tollbook.rating.staged import stage_reached
from tollbook.rating.usage import billed_quantity

MOST_RECORDS: Final = 100
"""How many usage records an explanation shows; it counts and sums them all."""


@exact
def records_step(records: Sequence[LakeRecord]) -> RecordsStep:
    """Count and sum the records, and show the first of them."""
    return RecordsStep(
        count=len(records),
        measured=sum((record.amount for record in records), ZERO),
        shown=tuple(
            RecordStep(
                record_id=record.record_id,
                resource_id=record.resource_id,
                period_start=record.period_start,
                period_end=record.period_end,
                amount=record.amount,
            )
            for record in records[:MOST_RECORDS]
        ),
    )


@exact
def quantity_step(
    found: ClientMonth,
    day: date,
    line: MeteredLine,
    region_id: int,
    *,
    measured: Decimal,
    posted: Decimal = ZERO,
) -> QuantityStep:
    """Trial, hourly commit, unit and rounding; ``posted`` is what was billed for the day before."""
    amounts = found.charged_on(day, line, region_id)
    not_free, hourly = sum(amounts, ZERO), None
    charged = not_free
    if line.hourly_commit is not None:
        hourly = line.hourly_commit * line.unit_size
        charged = hourly_excess(amounts, hourly)
    billed = billed_quantity(charged, unit_size=line.unit_size, rounding=line.rounding)
    return QuantityStep(
        free=measured - not_free,
        hourly_commit=hourly,
        charged=charged,
        unit_size=line.unit_size,
        rounding=line.rounding,
        billed=billed,
        posted=posted,
        quantity=billed - posted,
    )


@exact
def month_step(line: MeteredLine, *, used_before: Decimal, used: Decimal) -> MonthStep:
    """The month to date before and after ``used`` more units, in slices of the price ladder."""
    committed = line.terms.committed if line.rule is CalcRule.OVERCOMMIT else ZERO
    return MonthStep(
        rule=line.rule,
        committed=committed,
        before=_priced(line, used_before),
        after=_priced(line, used_before + used),
    )


def _priced(line: MeteredLine, used: Decimal) -> PricedStep:
    priced = used
    if line.rule is CalcRule.OVERCOMMIT:
        priced = excess_quantity(used, line.terms.committed)
    cost = AMOUNT_OF[line.rule](used, line.terms) if used else ZERO
    return PricedStep(used, priced, tuple(_slices(line, priced, cost)), cost)


def _slices(line: MeteredLine, priced: Decimal, cost: Decimal) -> list[SliceStep]:
    if priced <= 0:
        return []
    if line.rule is CalcRule.STAGED:
        in_new = line.terms.conventions.threshold_is_in_new_stage
        stage = stage_reached(priced, line.terms.stages, threshold_is_in_new_stage=in_new)
        return [SliceStep(stage.threshold, stage.price, priced, cost)]
    return [
        SliceStep(stage.threshold, stage.price, part, part * stage.price)
        for stage, part in slices_of(priced, line.terms.stages)
    ]
