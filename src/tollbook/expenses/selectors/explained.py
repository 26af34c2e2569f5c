"""Why an expense is what it is, for who may see it."""

from tollbook.clients.viewer import Viewer
from tollbook.expenses.explaining.explanation import explain_expense
from tollbook.expenses.explaining.steps import Explanation
from tollbook.expenses.selectors.visible import visible_expenses
from tollbook.kernel.errors import NotFound


def find_explanation(viewer: Viewer, expense_id: int) -> Explanation:
    """Every step of the expense; ``NotFound`` as well where the viewer may not see it."""
    expense = visible_expenses(viewer).select_related("discount").filter(pk=expense_id).first()
    if expense is None:
        raise NotFound(f"there is no expense {expense_id}", field="id")
    return explain_expense(expense)
