"""``/expenses``: what was charged for, one rated amount each."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.fragments import FragmentRenderer
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import LARGEST_LONG
from tollbook.api.operations import Operation, field_errors
from tollbook.api.pagination import Window
from tollbook.api.paths import id_parameter, read_id
from tollbook.api.query import read_query
from tollbook.api.shapes import Field, Shape
from tollbook.api.v1.expense_explanation import EXPLANATION
from tollbook.api.v1.expense_filters import FILTERS, MONEY_DECIMALS, ORDERS
from tollbook.api.v1.expense_shape import EXPENSE
from tollbook.api.views import ListView
from tollbook.expenses.selectors import (
    FoundExpense,
    find_expense,
    find_explanation,
    list_expenses,
)
from tollbook.invoicing.selectors import BILLED_IN
from tollbook.kernel.errors import InvalidInput
from tollbook.kernel.money import round_money

TAG: Final = "expenses"
_EXPLAIN_VALUES: Final = {"1": True, "true": True, "0": False, "false": False}
_NO_EXPLAIN: Final = f"This is none of {', '.join(_EXPLAIN_VALUES)}."


EXPLAIN: Final = "explain"
EXPLANATION_NAME: Final = "explanation"
EXPENSE_WITH_STEPS: Final = Shape(
    "ExpenseWithStepsForOrgV1",
    (
        *EXPENSE.fields,
        Field(
            EXPLANATION_NAME,
            EXPLANATION.reference,
            lambda _: None,
            "Only where `explain` is asked for.",
            required=False,
            parts=(EXPLANATION,),
        ),
    ),
    EXPENSE.description,
    EXPENSE.example,
)


def _read_operation() -> dict[str, Operation]:
    read = read_operation(
        EXPENSE_WITH_STEPS,
        "v1_expenses_retrieve",
        TAG,
        "Read an expense",
        "One rated amount by its number. With `explain=1` (our extension) every step to it, down "
        "to the usage records.",
        parameter=id_parameter("id", "The item's `id` in the list.", largest=LARGEST_LONG),
    )["get"]
    asked = {
        "name": EXPLAIN,
        "in": "query",
        "description": "Whether to show how the amount came about; our extension.",
        "schema": {"type": "string", "enum": list(_EXPLAIN_VALUES)},
    }
    mistake = field_errors("`explain` is none of its values.", {EXPLAIN: [_NO_EXPLAIN]})
    return {
        "get": replace(
            read,
            parameters=(*read.parameters, asked),
            answers={**read.answers, 400: mistake},
        )
    }


class Expenses(ListView):
    """The list of expenses."""

    shape = EXPENSE
    filters = FILTERS
    ordering = ORDERS
    renderer_classes = (FragmentRenderer,)

    def find(
        self, conditions: Sequence[Any], order: Sequence[str], window: Window
    ) -> tuple[int, Sequence[FoundExpense]]:
        """A page of what the viewer may see, in two queries."""
        page = list_expenses(
            self.viewer,
            conditions,
            order=order,
            offset=window.offset,
            limit=window.limit,
            beside=BILLED_IN,
        )
        return page.count, page.expenses

    def rows(self, items: Sequence[FoundExpense]) -> list[dict[str, Any]]:
        """The expenses, amounts with as many decimals as are asked for."""
        rows = super().rows(items)
        places = self.asked.get(MONEY_DECIMALS)
        if places is not None:
            for item, row in zip(items, rows, strict=True):
                row["money_value"] = _rounded(item.money_value, places)
                row["tax_value"] = _rounded(item.tax_value, places)
                row["discount_value"] = _rounded(item.discount_value, places)
        return rows


class ExpenseItem(ItemView):
    """One expense; with each step to its amount where that is asked for."""

    shape = EXPENSE_WITH_STEPS
    renderer_classes = (FragmentRenderer,)
    operations = _read_operation()

    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Answer the expense."""
        explains = _reads_explain(request)
        number = read_id(id, largest=LARGEST_LONG)
        row = EXPENSE.row(find_expense(self.viewer, number, beside=BILLED_IN))
        if explains:
            row[EXPLANATION_NAME] = EXPLANATION.row(find_explanation(self.viewer, number))
        return Response(row)


def _reads_explain(request: Request) -> bool:
    given = read_query(request).get(EXPLAIN, ["0"])
    if len(given) != 1 or given[0] not in _EXPLAIN_VALUES:
        raise InvalidInput(_NO_EXPLAIN, field=EXPLAIN)
    return _EXPLAIN_VALUES[given[0]]


def _rounded(amount: str, places: int) -> str:
    return f"{round_money(Decimal(amount), places=places):f}"


Expenses.operations = list_operation(
    Expenses,
    "v1_expenses_list",
    TAG,
    "List expenses",
    "What your clients were charged for, by day and number where no order is asked. Revisions that "
    "a later one took the place of are among them; `deleted=false` leaves them out.",
    mistake={"for_date": ["This is no date and time such as 2026-10-31T12:00:00Z, and no date."]},
)
