"""``ResellerExpenses``: what was charged, expense by expense or added up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa

from tollbook.reports.comparison import Comparison, group_identity
from tollbook.reports.dataset import Dataset, Made, facts_of, make_columns, read_names
from tollbook.reports.expense_facts import (
    AskedExpenses,
    Places,
    Seen,
    asked_expenses,
    count_days,
    count_expenses,
    find_places,
    read_expenses,
    read_groups,
)
from tollbook.reports.expense_facts.grouped import is_added
from tollbook.reports.parameters import Parameter, ParameterType
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.asked import CLIENT_ID, CURRENCY, DATE_FROM, DATE_TO, PRODUCT_ID
from tollbook.reports.templates.expense_columns import EACH_EXPENSE, GROUPED
from tollbook.reports.templates.expense_reasons import find_expense_reasons
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
    places, seen = find_places(asked, snapshot), Seen(names)
    if group_by == EXPENSE:
        facts = seen.rows(_facts(asked, places, [*facts_of(made), "created_at"], snapshot))
    else:
        facts = seen.groups(read_groups(asked, places, facts_of(made), snapshot))
    return Dataset(
        columns=tuple(each.column for each in made),
        amounts=AMOUNTS,
        currency="currency",
        records=count_expenses(asked, places, snapshot),
        data_version=lambda: seen.version,
        batches=make_columns(facts, made, names),
        period_state=places.state,
        warnings=places.warnings,
    )


def _facts(
    asked: AskedExpenses, places: Places, facts: Sequence[str], snapshot: Snapshot
) -> Iterator[pa.RecordBatch]:
    yield from read_expenses(asked, places, count_days(asked, snapshot), facts, snapshot)


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
