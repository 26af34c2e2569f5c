"""Puts the steps of an expense together, by what kind of expense it is."""

from datetime import UTC, timedelta
from decimal import Decimal
from typing import Final

from tollbook.expenses.explaining.client_month import ClientMonth, read_client_month
from tollbook.expenses.explaining.discounts import discount_at
from tollbook.expenses.explaining.fee_steps import fee_step
from tollbook.expenses.explaining.posted import posted_in, posted_on
from tollbook.expenses.explaining.steps import ChargeStep, Explanation, Origin
from tollbook.expenses.explaining.usage_steps import month_step, quantity_step, records_step
from tollbook.expenses.models import Expense, RatedCorrection
from tollbook.expenses.rules import ExpenseKind
from tollbook.expenses.selectors.months import find_month_state
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import day_start, month_of
from tollbook.rating.charge import Charge, charge
from tollbook.rating.exact import exact
from tollbook.rating.metered import Contracts, MeteredLine
from tollbook.rating.rules import CalcRule

_DAY: Final = timedelta(days=1)


def explain_expense(expense: Expense) -> Explanation:
    """Every step of ``expense``, by the records of the lake and the contracts of now.

    Where its month is closed, by the records that were there then.
    """
    if not _is_derived(expense):
        return _stated(expense)
    month = month_of(expense.period_start.astimezone(UTC).date())
    closed_at = find_month_state(expense.reseller_id, expense.for_date).closed_at
    found = read_client_month(month, expense.client_id, expense.feature_id, until=closed_at)
    return _derived(expense, found)


def explain_within(expense: Expense, found: ClientMonth) -> Explanation:
    """As ``explain_expense``, where all of the client's month has been read already."""
    return _derived(expense, found) if _is_derived(expense) else _stated(expense)


def _is_derived(expense: Expense) -> bool:
    """Whether rating wrote it, rather than people or a closing."""
    if expense.kind == ExpenseKind.CORRECTION:
        return RatedCorrection.objects.filter(pk=expense.pk).exists()
    return expense.kind != ExpenseKind.CREDIT


@exact
def _derived(expense: Expense, found: ClientMonth) -> Explanation:
    lines = _lines_of(expense, found)
    if not lines:
        return _gone(expense)
    if expense.kind == ExpenseKind.FEE:
        return _fee(expense, found, lines)
    return _usage(expense, found, lines[-1].in_region(expense.region_id))


def _lines_of(expense: Expense, found: ClientMonth) -> list[MeteredLine]:
    """The lines that the expense is for, in the order of their activation."""
    day = expense.period_start.astimezone(UTC).date()
    start, end = day_start(day), day_start(day + _DAY)
    own = [
        line
        for line in found.contracts.lines
        if (line.addendum_id, line.plan_item_id) == (expense.addendum_id, expense.plan_item_id)
        and line.active_from < end
        and line.ends > start
    ]
    return sorted(own, key=lambda line: (line.active_from, line.line_id))


def _usage(expense: Expense, found: ClientMonth, line: MeteredLine) -> Explanation:
    """``line`` is to be as it is in the region of the expense."""
    day, region_id = expense.period_start.astimezone(UTC).date(), expense.region_id
    records = records_step(found.records_of.get((day, line.line_id, region_id), ()))
    corrects = expense.kind == ExpenseKind.CORRECTION
    quantity = quantity_step(
        found,
        day,
        line,
        region_id,
        measured=records.measured,
        posted=posted_on(expense, day) if corrects else ZERO,
    )
    used_before = (
        posted_in(expense, found.month) if corrects else found.used_before(day, line, region_id)
    )
    month = month_step(line, used_before=used_before, used=quantity.quantity)
    charged = _charge(month.after.cost - month.before.cost, expense, line, found.contracts)
    return Explanation(
        origin=Origin.CORRECTION if corrects else Origin.USAGE,
        charge=charged,
        matches=_matches(expense, quantity.quantity, charged),
        records=records,
        quantity=quantity,
        month=month,
        credit_expense_ids=_credit_expenses(expense, found),
    )


def _fee(expense: Expense, found: ClientMonth, lines: list[MeteredLine]) -> Explanation:
    """Lines that are activated one after the other in a day are billed as one fee."""
    fees = [(fee_step(expense, line), line) for line in lines if _is_owed_on(expense, line)]
    charges = [_charge(fee.rated, expense, line, found.contracts) for fee, line in fees]
    charged = _sum(charges) if charges else _nothing(expense)
    return Explanation(
        origin=Origin.FEE,
        charge=charged,
        matches=_matches(expense, sum((fee.quantity for fee, _ in fees), ZERO), charged),
        fees=tuple(fee for fee, _ in fees),
        credit_expense_ids=_credit_expenses(expense, found),
    )


def _is_owed_on(expense: Expense, line: MeteredLine) -> bool:
    """A month's commit is posted on its first active day, an hourly one on each."""
    if line.rule is CalcRule.COMMIT_HOURLY:
        return True
    month = month_of(expense.for_date)
    return max(line.active_from.date(), month.start) == expense.for_date


def _charge(
    rated: Decimal, expense: Expense, line: MeteredLine, contracts: Contracts
) -> ChargeStep:
    start = expense.period_start.astimezone(UTC)
    discount = discount_at(start, line.addendum_id, contracts)
    percent = discount.percent if discount else ZERO
    tax_rate = contracts.taxes.get(line.client_id, ZERO)
    return ChargeStep(
        rated=rated,
        discount_id=discount.discount_id if discount else None,
        discount_percent=percent,
        tax_rate=tax_rate,
        charge=charge(rated, discount_percent=percent, tax_percent=tax_rate),
    )


def _sum(steps: list[ChargeStep]) -> ChargeStep:
    first = steps[0]
    return ChargeStep(
        rated=sum((step.rated for step in steps), ZERO),
        discount_id=first.discount_id,
        discount_percent=first.discount_percent,
        tax_rate=first.tax_rate,
        charge=Charge(
            net=sum((step.charge.net for step in steps), ZERO),
            discount=sum((step.charge.discount for step in steps), ZERO),
            bonus=ZERO,
            tax=sum((step.charge.tax for step in steps), ZERO),
        ),
    )


def _nothing(expense: Expense) -> ChargeStep:
    return ChargeStep(ZERO, None, ZERO, expense.tax_rate, charge(ZERO))


def _gone(expense: Expense) -> Explanation:
    """No contract of now is behind it: nothing would be billed."""
    origin = Origin.FEE if expense.kind == ExpenseKind.FEE else Origin.USAGE
    return Explanation(origin=origin, charge=_nothing(expense), matches=False)


@exact
def _stated(expense: Expense) -> Explanation:
    """The amounts as they were written; nothing stands behind them that could be rated."""
    charged = Charge(
        net=expense.money_value,
        discount=expense.discount_value,
        bonus=ZERO,
        tax=expense.tax_value,
    )
    percent = expense.discount.relative_value if expense.discount else ZERO
    rated = expense.money_value + expense.discount_value
    origin = Origin.CREDIT if expense.kind == ExpenseKind.CREDIT else Origin.BY_HAND
    return Explanation(
        origin=origin,
        charge=ChargeStep(rated, expense.discount_id, percent, expense.tax_rate, charged),
        matches=True,
    )


def _matches(expense: Expense, quantity: Decimal, step: ChargeStep) -> bool:
    stored = (
        expense.usage,
        expense.money_value,
        expense.discount_value,
        expense.tax_rate,
        expense.tax_value,
        expense.discount_id,
    )
    found = step.charge
    steps = (quantity, found.net, found.discount, step.tax_rate, found.tax, step.discount_id)
    return stored == steps


def _credit_expenses(expense: Expense, found: ClientMonth) -> tuple[int, ...]:
    """Expenses of the month that say how much bonus credit was used for this plan item."""
    month = month_of(expense.for_date)
    if month == found.month:
        return found.credit_expenses.get((expense.addendum_id, expense.plan_item_id), ())
    rows = Expense.objects.filter(
        kind=ExpenseKind.CREDIT,
        addendum_id=expense.addendum_id,
        plan_item_id=expense.plan_item_id,
        for_date__gte=month.start,
        for_date__lt=month.end,
        deleted=False,
    )
    return tuple(rows.order_by("pk").values_list("pk", flat=True))
