"""``ResellerExpenses``: what was charged, expense by expense or added up."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Count, DateField, Max, QuerySet, Sum
from django.db.models.functions import Cast, TruncMonth

from tollbook.clients.selectors import clients_seen_by
from tollbook.expenses.models import Expense
from tollbook.kernel.periods import DateRange, months_of
from tollbook.reports.dataset import Dataset, Made, facts_of, make_columns, read_names
from tollbook.reports.parameters import Parameter, ParameterType
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.asked import CLIENT_ID, CURRENCY, DATE_FROM, DATE_TO, PRODUCT_ID
from tollbook.reports.templates.expense_columns import EACH_EXPENSE, GROUPED
from tollbook.reports.templates.template import ReportTemplate

EXPENSE: Final = "expense"
AMOUNTS: Final = (
    "money_before_discount",
    "discount_value",
    "money_value",
    "tax_value",
    "total_value",
)

_MADE: Final[Mapping[str, tuple[Made, ...]]] = {EXPENSE: EACH_EXPENSE, **GROUPED}
_AGGREGATES: Final = {
    "expenses": Count("id"),
    "usage_sum": Sum("usage"),
    "money_sum": Sum("money_value"),
    "discount_sum": Sum("discount_value"),
    "tax_sum": Sum("tax_value"),
}
_MONTH: Final = Cast(TruncMonth("for_date"), DateField())

GROUP_BY: Final = Parameter(
    name="group_by",
    type=ParameterType.STRING,
    enum=tuple(_MADE),
    default=EXPENSE,
    description="One row for each expense, or sums for each of these and each currency.",
)
INCLUDE_DELETED: Final = Parameter(
    name="include_deleted",
    type=ParameterType.BOOLEAN,
    default=False,
    description="Also expenses that a later revision replaced; they are marked, not charged.",
)


def answer_reseller_expenses(question: Question, snapshot: Snapshot) -> Dataset:
    """The expenses that the viewer may see in the days asked for, in a total order."""
    made = _MADE[question.text("group_by")]
    expenses = asked_expenses(question)
    known = snapshot.table(
        expenses.values("for_date").annotate(records=Count("id"), newest=Max("created_at"))
    )
    facts = _facts(question, expenses, known, snapshot)
    return Dataset(
        columns=tuple(each.column for each in made),
        amounts=AMOUNTS,
        currency="currency",
        records=pc.sum(known["records"]).as_py() or 0,
        data_version=_version(known),
        batches=make_columns(facts, made, read_names(made, question.viewer, snapshot)),
    )


def asked_expenses(question: Question) -> QuerySet[Expense, Any]:
    """The expenses that the question is about: the viewer's own, and no others."""
    values, days, viewer = question.values, question.days, question.viewer
    narrowed: dict[str, object] = {
        "reseller_id": viewer.reseller_id,
        "client_id": values["client_id"],
        "product_id": values["product_id"],
        "currency__char_code": values["currency"],
        "deleted": None if values["include_deleted"] else False,
    }
    given = {name: value for name, value in narrowed.items() if value is not None}
    return Expense.objects.filter(
        clients_seen_by(viewer, "client__"),
        for_date__gte=days.start,
        for_date__lt=days.end,
        **given,
    )


def _facts(
    question: Question, expenses: QuerySet[Expense, Any], known: pa.Table, snapshot: Snapshot
) -> Iterator[pa.RecordBatch]:
    group_by = question.text("group_by")
    facts = facts_of(_MADE[group_by])
    if group_by == EXPENSE:
        for month in _months_with_rows(question.days, known):
            days = expenses.filter(for_date__gte=month.start, for_date__lt=month.end)
            yield from snapshot.batches(days.order_by("for_date", "id").values_list(*facts))
        return
    keys = [fact for fact in facts if fact not in _AGGREGATES]
    sums = {fact: _AGGREGATES[fact] for fact in facts if fact in _AGGREGATES}
    dated = expenses.annotate(month=_MONTH) if "month" in keys else expenses
    yield from snapshot.batches(
        dated.values(*keys).annotate(**sums).order_by(*keys).values_list(*facts)
    )


def _months_with_rows(days: DateRange, known: pa.Table) -> list[DateRange]:
    """A query a month: each sorts one partition, not the whole answer."""
    months = {day.replace(day=1) for day in known["for_date"].to_pylist()}
    return [month for month in months_of(days) if month.start in months]


def _version(known: pa.Table) -> str:
    """How many expenses there are and when the newest was written."""
    newest = pc.max(known["newest"]).as_py()
    records = pc.sum(known["records"]).as_py() or 0
    return f"{records} expenses, newest {newest.isoformat()}" if newest else "no expenses"


RESELLER_EXPENSES: Final = ReportTemplate(
    id=1,
    code="ResellerExpenses",
    name_en="Reseller expenses",
    description=(
        "What was charged in a range of days, with discount and tax: expense by expense, or added "
        "up by day, client, product, feature, region or month."
    ),
    parameters=(
        DATE_FROM,
        DATE_TO,
        CLIENT_ID,
        PRODUCT_ID,
        CURRENCY,
        GROUP_BY,
        INCLUDE_DELETED,
    ),
    layouts={name: tuple(each.column for each in made) for name, made in _MADE.items()},
    answer=answer_reseller_expenses,
)
