"""``/accounting``: the book of bonus credits, its operations and balances."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q, QuerySet

from tollbook.api.filters import Filter, field
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import BOOLEAN, DECIMAL, MOMENT, NUMBER, TEXT, UUID_VALUE
from tollbook.api.ordering import Ordering
from tollbook.api.pagination import Window
from tollbook.api.paths import read_uuid, uuid_parameter
from tollbook.api.range_filters import edge_filters
from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    MONEY_SCHEMA,
    TEXT_SCHEMA,
    UUID_SCHEMA,
    Field,
    Shape,
    moment,
    nested,
    nullable,
    plain,
    text,
)
from tollbook.api.views import ListView
from tollbook.clients.viewer import Viewer
from tollbook.credits.models import Operation
from tollbook.credits.selectors import find_operation, visible_balances, visible_operations
from tollbook.kernel.money import money_text

TAG: Final = "accounting"
_NAME: Final = {"type": "string", "maxLength": 255}
_ACCOUNTS: Final = (
    "`bonus.issued`: given out by the operator; `bonus.active`: may be spent; `bonus.spent`: "
    "charged for an expense; `bonus.expired`: not spent in time."
)


def _money_or_null(column: str) -> Callable[[Any], str | None]:
    def read(row: Any) -> str | None:
        amount: Decimal | None = getattr(row, column)
        return None if amount is None else money_text(amount)

    return read


def _parent(action: Any) -> str | None:
    return None if action.parent_id is None else str(action.parent_id)


ACTION: Final = Shape(
    "Action",
    (
        Field("id", UUID_SCHEMA, text("id")),
        Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When it was written down."),
        Field(
            "parent", nullable(UUID_SCHEMA), _parent, "The credit that is charged or expires here."
        ),
        Field("applying_at", MOMENT_SCHEMA, moment("applying_at"), "When it takes effect."),
        Field(
            "type_code",
            _NAME,
            plain("type_code"),
            "`bonus.credit`: a credit is given; `bonus.charge`: an expense is paid by it; "
            "`bonus.expire`: what is left of it expires.",
        ),
        Field("details_json", {}, plain("details_json"), "What else is known; null for nothing."),
        Field(
            "deleted",
            {"type": "boolean"},
            plain("deleted"),
            "Whether it was taken back; it is kept, and counts no more.",
        ),
        Field(
            "object_id", nullable(_NAME), plain("object_id"), "The id of what it is about, as text."
        ),
        Field(
            "object_type",
            nullable(_NAME),
            plain("object_type"),
            "What it is about, such as `expense`.",
        ),
    ),
    "An event that moved credits; its operations balance to zero.",
)
OPERATION: Final = Shape(
    "OperationForOrgSerializerV1",
    (
        Field("id", UUID_SCHEMA, text("id")),
        nested("action", ACTION, plain("action"), "What it is a side of."),
        Field("client_id", INTEGER_SCHEMA, plain("client_id"), "The client whose credit it is."),
        Field("acc", _NAME, plain("acc"), _ACCOUNTS),
        Field("unit_code", _NAME, plain("unit_code"), "The currency of the credit: its code."),
        Field(
            "service",
            _NAME,
            plain("service"),
            "The product category that the credit is good for; empty for all.",
        ),
        Field("analytics", {}, plain("analytics"), "What else is known; null for nothing."),
        Field(
            "debit", nullable(MONEY_SCHEMA), _money_or_null("debit"), "How much goes in, or null."
        ),
        Field(
            "credit",
            nullable(MONEY_SCHEMA),
            _money_or_null("credit"),
            "How much goes out, or null.",
        ),
    ),
    "One side of an action: so much into or out of an account of a client.",
    {
        "id": "0ce74bb2-7f6b-5043-a5af-c214f0ff0140",
        "action": {
            "id": "adf33855-0331-5905-be10-614f55ac0c0e",
            "created_at": "2026-08-06T03:04:30.000000Z",
            "parent": "97a05755-885f-58a8-abe2-b9d94f308983",
            "applying_at": "2026-08-06T03:00:00.000000Z",
            "type_code": "bonus.charge",
            "details_json": None,
            "deleted": False,
            "object_id": "7125",
            "object_type": "expense",
        },
        "client_id": 1008,
        "acc": "bonus.spent",
        "unit_code": "EUR",
        "service": "Content delivery",
        "analytics": {"for_date": "2026-08-05"},
        "debit": "8.011023096000",
        "credit": None,
    },
)


def _double(column: str) -> Callable[[dict[str, Any]], float | None]:
    """Reads an exact sum as the nearest JSON number; the last step, nothing is computed with it."""
    return lambda row: None if row[column] is None else float(row[column])


BALANCE: Final = Shape(
    "BalanceForOrgSerializerV1",
    (
        Field("acc", TEXT_SCHEMA, lambda row: row["acc"], _ACCOUNTS),
        Field("unit_code", TEXT_SCHEMA, lambda row: row["unit_code"], "The currency's code."),
        Field(
            "service",
            TEXT_SCHEMA,
            lambda row: row["service"],
            "The product category that the credits are good for; empty for all.",
        ),
        Field(
            "credit_amount",
            {"type": ["number", "null"], "format": "double"},
            _double("credit_amount"),
            "What went out: the number nearest to the exact sum; null where nothing did.",
        ),
        Field(
            "debit_amount",
            {"type": ["number", "null"], "format": "double"},
            _double("debit_amount"),
            "What went in: the number nearest to the exact sum; null where nothing did.",
        ),
    ),
    "What went into and out of an account, in one currency and for one service.",
    {
        "acc": "bonus.spent",
        "unit_code": "EUR",
        "service": "Security",
        "credit_amount": None,
        "debit_amount": 128.819351044882,
    },
)


class Operations(ListView):
    """The list of operations."""

    shape = OPERATION
    filters = (
        Filter("acc", TEXT, field("acc"), "On the account of this code."),
        Filter(
            "actual_only",
            BOOLEAN,
            lambda only: Q(action__deleted=False) if only else Q(),
            "Whether to leave out operations of deleted actions.",
        ),
        Filter("applying_at", MOMENT, field("action__applying_at"), "Takes effect at this moment."),
        *edge_filters("applying_at", "action__applying_at", "Takes effect"),
        Filter(
            "company_name",
            TEXT,
            field("client__company_name__icontains"),
            "The client's name contains this, in any case.",
        ),
        *edge_filters("created_at", "action__created_at", "Written down"),
        Filter("id", UUID_VALUE, field("id"), "With this id."),
        Filter("unit_code", TEXT, field("unit_code"), "In the currency of this code."),
        Filter("value", DECIMAL, field("value"), "Its debit or credit is exactly this."),
        Filter("value__exact", NUMBER, field("value"), "Its debit or credit is exactly this."),
        Filter("value__gt", NUMBER, field("value__gt"), "Its debit or credit is more than this."),
        Filter("value__gte", NUMBER, field("value__gte"), "Its debit or credit is this or more."),
        Filter("value__lt", NUMBER, field("value__lt"), "Its debit or credit is less than this."),
        Filter("value__lte", NUMBER, field("value__lte"), "Its debit or credit is this or less."),
    )
    ordering = Ordering(
        {
            "applying_at": "action__applying_at",
            "client_id": "client_id",
            "created_at": "action__created_at",
            "credit": "credit",
            "debit": "debit",
            "value": "value",
        },
        default=("-action__applying_at",),
        key="id",
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Operation]:
        """The operations of the viewer's clients."""
        return visible_operations(viewer)


class OperationItem(ItemView):
    """One operation."""

    shape = OPERATION
    operations = read_operation(
        OPERATION,
        "v1_accounting_operations_retrieve",
        TAG,
        "Read a credit operation",
        "One side of an action of the book of credits, with the action.",
        parameter=uuid_parameter("id", "The operation's `id` in the list."),
    )

    def find(self, text: str) -> Operation:
        """The operation."""
        return find_operation(self.viewer, read_uuid(text))


class Balances(ListView):
    """The list of balances."""

    shape = BALANCE
    filters = (
        Filter("acc", TEXT, field("acc"), "Of the account of this code."),
        Filter("unit_code", TEXT, field("unit_code"), "In the currency of this code."),
    )
    ordering = Ordering({"acc": "acc"}, default=("acc",), key="unit_code")

    def find(
        self, conditions: Sequence[Any], order: Sequence[str], window: Window
    ) -> tuple[int, Sequence[Any]]:
        """The balances; the three names by which sums are made end every order."""
        return super().find(conditions, (*order, "service"), window)

    def queryset_for(self, viewer: Viewer) -> QuerySet[Operation, dict[str, Any]]:
        """The sums over the viewer's clients."""
        return visible_balances(viewer)


Operations.operations = list_operation(
    Operations,
    "v1_accounting_operations_list",
    TAG,
    "List credit operations",
    "What moved your clients' bonus credits, the latest first where no order is asked. Every "
    "action has operations on both sides, whose amounts are equal.",
    mistake={"value__gt": ["This is no number."]},
)
Balances.operations = list_operation(
    Balances,
    "v1_accounting_balances_list",
    TAG,
    "List credit balances",
    "Sums over all your clients of what went into and out of each account, by currency and "
    "service; deleted actions are left out. They are JSON numbers, exact to fifteen digits; the "
    "operations carry every digit.",
    mistake={"acc": ["This is given more than once."]},
)
