"""``ResellerExpenses``: what was charged, expense by expense or added up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa

from tollbook.reports.comparison import Comparison, group_identity
from tollbook.reports.dataset import Dataset, Made, facts_of, make_columns, read_names
from tollbook.reports.expense_facts import (
    Seen,
    asked_expenses,
    count_days,
    count_expenses,
    find_closed,
    find_places,
    read_expenses,
    read_groups,
)
from tollbook.reports.expense_facts.grouped import is_added
from tollbook.reports.models import ReadyMonth
from tollbook.reports.parameters import Parameter, ParameterType
from tollbook.reports.question import Question
from tollbook.reports.ready_months.finding import find_ready_months
from tollbook.reports.ready_months.sources import ready_rows
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.asked import CLIENT_ID, CURRENCY, DATE_FROM, DATE_TO, PRODUCT_ID
from tollbook.reports.templates.expense_columns import AMOUNTS, DAYS, EACH_EXPENSE, GROUPED
from tollbook.reports.templates.expense_reasons import find_expense_reasons
from tollbook.reports.templates.template import ReportTemplate
from tollbook.results.ready_rows import ReadyRows

EXPENSE: Final = "expense"
_MADE: Final[Mapping[str, tuple[Made, ...]]] = {EXPENSE: EACH_EXPENSE, **GROUPED}
_COMPARISONS: Final = {
    EXPENSE: Comparison(
        identity=(
            "for_date",
            "addendum_id",
            "plan_item_id",
            "region_id",
            "kind",
            "currency",
            "deleted",
            "period_start",
            "id",
        ),
        counts_where={"period_start": "kind = 'correction'", "id": "deleted"},
        amounts=AMOUNTS,
        currency="currency",
        quantities=("usage",),
        numbers=("id",),
        find_reasons=find_expense_reasons,
    ),
    **{
        name: Comparison(
            identity=group_identity(made, is_added),
            amounts=AMOUNTS,
            currency="currency",
            quantities=tuple(
                each.column.key for each in made if {"usage_sum", "expenses"} & set(each.facts)
            ),
        )
        for name, made in GROUPED.items()
    },
}
"""A live expense is known by its identity, whatever its revision; a deleted one by its number."""

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
    group_by = question.text("group_by")
    made = _MADE[group_by]
    asked, names = asked_expenses(question), read_names(made, question.viewer, snapshot)
    closed, seen = find_closed(asked, snapshot), Seen(names)
    batches: Iterator[pa.RecordBatch | ReadyRows]
    if group_by == EXPENSE:
        counted = count_days(asked, snapshot)
        ready = find_ready_months(asked, counted, closed, made, names) if question.copies else {}
        places = find_places(asked, closed, unread=ready)
        wanted = [*facts_of(made), "created_at"]
        facts = read_expenses(asked, places, counted, wanted, snapshot, ready)
        batches = _each_expense(facts, made, names, seen)
    else:
        places = find_places(asked, closed)
        groups = seen.groups(read_groups(asked, places, facts_of(made), snapshot))
        batches = make_columns(groups, made, names)
    return Dataset(
        columns=tuple(each.column for each in made),
        amounts=AMOUNTS,
        currency="currency",
        records=count_expenses(asked, places, snapshot),
        data_version=lambda: seen.version,
        batches=batches,
        months=DAYS if group_by == EXPENSE else None,
        period_state=places.state,
        warnings=places.warnings,
    )


def _each_expense(
    facts: Iterator[pa.RecordBatch | ReadyMonth],
    made: Sequence[Made],
    names: Mapping[str, pa.Table],
    seen: Seen,
) -> Iterator[pa.RecordBatch | ReadyRows]:
    """The rows of the report; those of ready months as they were written."""
    for part in facts:
        if isinstance(part, ReadyMonth):
            seen.note(part.rows, 0, part.newest)
            yield ready_rows(part)
        else:
            yield from make_columns(seen.rows(iter([part])), made, names)


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
    comparisons=_COMPARISONS,
)
