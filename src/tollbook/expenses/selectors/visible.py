"""Which expenses a viewer may see, by the ids that each row carries: no table is joined for it."""

from django.db.models import Q, QuerySet

from tollbook.clients.rules import Role
from tollbook.clients.selectors import visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import Expense


def visible_expenses(viewer: Viewer) -> QuerySet[Expense]:
    """The expenses of the viewer's clients, deleted revisions among them."""
    return Expense.objects.filter(expenses_seen_by(viewer))


def expenses_seen_by(viewer: Viewer) -> Q:
    """The condition on expenses; for operators and admins on their counts by day too."""
    match viewer.role:
        case Role.OPERATOR:
            return Q()
        case Role.ADMIN:
            return Q(reseller_id=viewer.reseller_id)
        case Role.SELLER:
            return Q(client_id__in=visible_clients(viewer).values("pk"))
        case Role.CLIENT:
            return Q(client_id=viewer.client_id)
