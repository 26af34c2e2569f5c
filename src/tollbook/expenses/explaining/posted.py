"""What was billed for a closed month before a correction of it."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from tollbook.expenses.models import Expense, RatedCorrection
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange, day_start, month_of, month_start


def posted_on(correction: Expense, day: date) -> Decimal:
    """Units that were billed for ``day`` of what ``correction`` corrects, before its month."""
    days = DateRange(day, date.fromordinal(day.toordinal() + 1))
    own = _posted(correction, days).filter(plan_item_id=correction.plan_item_id)
    return _usage(own)


def posted_in(correction: Expense, month: DateRange) -> Decimal:
    """Units of its meter that were billed for ``month`` before the correction.

    Those of its own month that correct earlier days count as well: they come in this order.
    """
    found = _usage(_posted(correction, month))
    siblings = Expense.objects.filter(
        kind=ExpenseKind.CORRECTION,
        for_date__gte=month_start(correction.for_date),
        for_date__lt=month_of(correction.for_date).end,
        period_start__gte=day_start(month.start),
        deleted=False,
        pk__in=RatedCorrection.objects.filter(month=month.start).values("pk"),
        **_meter(correction),
    )
    earlier = Q(period_start__lt=correction.period_start) | Q(
        period_start=correction.period_start, plan_item_id__lt=correction.plan_item_id
    )
    return found + _usage(siblings.filter(earlier))


def _posted(correction: Expense, days: DateRange) -> QuerySet[Expense]:
    rated = RatedCorrection.objects.filter(month=month_start(days.start)).values("pk")
    in_month = Q(kind=ExpenseKind.USAGE, for_date__gte=days.start, for_date__lt=days.end)
    corrected = Q(
        kind=ExpenseKind.CORRECTION,
        pk__in=rated,
        period_start__gte=day_start(days.start),
        period_start__lt=day_start(days.end),
        for_date__lt=month_start(correction.for_date),
    )
    return Expense.objects.filter(in_month | corrected, deleted=False, **_meter(correction))


def _meter(correction: Expense) -> dict[str, Any]:
    """A month is counted by contract, feature, region and unit, whichever plan item priced it."""
    item = correction.plan_item
    return {
        "addendum_id": correction.addendum_id,
        "plan_item__feature_id": item.feature_id,
        "plan_item__unit_size": item.unit_size,
        "region_id": correction.region_id,
    }


def _usage(found: QuerySet[Expense]) -> Decimal:
    total: Decimal = found.aggregate(sum=Sum("usage", default=ZERO))["sum"]
    return total
