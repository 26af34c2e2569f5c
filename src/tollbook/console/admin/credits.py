"""The book of credits; it is only looked at: an entry is undone by another, never changed."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.amounts import amount_text
from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Rows, Table
from tollbook.credits.models import Action, Grant, Operation


class ActionOperations(Rows):
    """The two or more sides of an action."""

    model = Operation
    fields = ("client", "acc", "unit_code", "service", "debit", "credit")
    readonly_fields = fields


class ActionTable(Table):
    """What moved credits."""

    icon = "swap_horiz"
    list_display = ("id", "type_code", "applying_at", "object_type", "object_id", "deleted")
    list_filter = (one_of("type_code"), "deleted")
    ordering = ("-created_at", "-id")
    search_fields = ("object_id",)
    number_fields = ()
    uuid_fields = ("pk", "parent_id")
    inlines = (ActionOperations,)


class OperationTable(Table):
    """Each side of each action."""

    icon = "account_balance"
    list_display = ("id", "client", "acc", "in_debit", "in_credit", "service", "action")
    list_select_related = ("client", "action")
    list_filter = (one_of("acc"), some("client"))
    search_fields = ("client__company_name", "service", "unit_code")
    number_fields = ("client_id",)
    uuid_fields = ("pk", "action_id")

    @column("debit", ordering="debit")
    def in_debit(self, operation: Operation) -> str:
        """What came in."""
        return amount_text(operation.debit, operation.unit_code)

    @column("credit", ordering="credit")
    def in_credit(self, operation: Operation) -> str:
        """What went out."""
        return amount_text(operation.credit, operation.unit_code)


class GrantTable(Table):
    """What was agreed of each credit; what is left of it the API tells."""

    icon = "redeem"
    list_display = ("action", "client", "in_amount", "valid_from", "valid_to", "comment")
    list_select_related = ("client", "action")
    list_filter = (some("client"), some("categories"))
    search_fields = ("client__company_name", "unit_code", "comment")
    number_fields = ("client_id",)
    uuid_fields = ("pk",)

    @column("amount", ordering="amount")
    def in_amount(self, grant: Grant) -> str:
        """What was given."""
        return amount_text(grant.amount, grant.unit_code)


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    Grant: GrantTable,
    Action: ActionTable,
    Operation: OperationTable,
}
