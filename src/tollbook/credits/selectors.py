"""Reads of the book of credits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from tollbook.clients.selectors import clients_seen_by
from tollbook.clients.viewer import Viewer
from tollbook.credits.models import Action, Grant, Operation
from tollbook.credits.rules import Account, ActionType, CreditStatus, credit_status
from tollbook.kernel.errors import NotFound
from tollbook.kernel.periods import day_start, month_of


def visible_operations(viewer: Viewer) -> QuerySet[Operation]:
    """The operations of the clients that the viewer may know of, each with its action.

    ``value`` is what it moves, whichever side it is on.
    """
    found = Operation.objects.filter(clients_seen_by(viewer, "client__"))
    return found.select_related("action").annotate(value=Coalesce("debit", "credit"))


def find_operation(viewer: Viewer, operation_id: UUID) -> Operation:
    """The operation; ``NotFound`` as well where the viewer may not know of it."""
    operation = visible_operations(viewer).filter(pk=operation_id).first()
    if operation is None:
        raise NotFound(f"there is no operation {operation_id}", field="id")
    return operation


def visible_balances(viewer: Viewer) -> QuerySet[Operation, Any]:
    """Exact sums of debits and credits by account, unit and service; deleted actions left out.

    They are over all clients that the viewer may know of; a side without operations is ``None``.
    """
    counted = Operation.objects.filter(clients_seen_by(viewer, "client__"), action__deleted=False)
    return counted.values("acc", "unit_code", "service").annotate(
        debit_amount=Sum("debit"), credit_amount=Sum("credit")
    )


def visible_grants(viewer: Viewer) -> QuerySet[Grant]:
    """The credits of the clients that the viewer may know of, those taken back among them.

    Each comes with what may still be spent of it (``left``), what was (``spent``) and what was lost
    (``expired``), added up from the operations.
    """
    return _added_up(Grant.objects.filter(clients_seen_by(viewer, "client__")))


def has_credits(client_id: int) -> bool:
    """Whether the client was ever given any; without locking it."""
    return Grant.objects.filter(client_id=client_id).exists()


def clients_with_credits(client_ids: Collection[int]) -> list[int]:
    """Those of the clients that were ever given any, in order."""
    given = Grant.objects.filter(client_id__in=client_ids).order_by("client_id")
    return list(given.values_list("client_id", flat=True).distinct())


def find_grant(viewer: Viewer, grant_id: UUID) -> Grant:
    """The credit; ``NotFound`` as well where the viewer may not know of it."""
    grant = visible_grants(viewer).filter(pk=grant_id).first()
    if grant is None:
        raise NotFound(f"there is no credit {grant_id}", field="id")
    return grant


@dataclass(frozen=True)
class GrantAt:
    """A credit of ``visible_grants`` as it stands at a moment."""

    grant: Any
    now: datetime

    @property
    def status(self) -> CreditStatus:
        """Where it stands."""
        return credit_status(
            taken_back=self.grant.action.deleted,
            left=self.grant.left,
            expired=self.grant.expired,
            valid_from=self.grant.valid_from,
            valid_to=self.grant.valid_to,
            now=self.now,
        )

    @property
    def created_at(self) -> datetime:
        """When it was given."""
        given: datetime = self.grant.action.created_at
        return given

    def __getattr__(self, name: str) -> Any:
        """Whatever the credit itself tells."""
        return getattr(self.grant, name)


def grants_of_client(client_id: int) -> QuerySet[Grant]:
    """The credits of a client that were not taken back, added up; the machinery asks."""
    return _added_up(Grant.objects.filter(client_id=client_id, action__deleted=False))


def grants_to_use(client_id: int, currency: str, month: date) -> QuerySet[Grant]:
    """The client's credits in a currency whose time touches the month of that day."""
    days = month_of(month)
    return grants_of_client(client_id).filter(
        Q(valid_to=None) | Q(valid_to__gt=day_start(days.start)),
        unit_code=currency,
        valid_from__lt=day_start(days.end),
    )


def grants_to_expire(now: datetime) -> QuerySet[Grant]:
    """Credits of all clients whose time is over and that still hold something."""
    over = Grant.objects.filter(action__deleted=False, valid_to__lte=now)
    return _added_up(over).filter(left__gt=0)  # type: ignore[misc]  # added up there


def charges_of(object_type: str, object_id: str) -> QuerySet[Action]:
    """What was charged for one thing and not taken back, in the order in which lines are told."""
    found = Action.objects.filter(
        type_code=ActionType.CHARGE, object_type=object_type, object_id=object_id, deleted=False
    )
    return found.order_by(F("details_json__line").asc(), "id")


def _added_up(grants: QuerySet[Grant]) -> QuerySet[Grant]:
    return (
        grants.select_related("action", "client")
        .prefetch_related("categories")
        .annotate(
            left=_held(Account.ACTIVE),
            spent=_held(Account.SPENT),
            expired=_held(Account.EXPIRED),
        )
    )


def _held(account: Account) -> Any:
    """What an account holds of a credit, by its own action and all that followed from it."""
    amount: DecimalField[Any, Any] = DecimalField(max_digits=38, decimal_places=12)
    nothing = Value(0, output_field=amount)
    own = Operation.objects.filter(
        Q(action_id=OuterRef("pk")) | Q(action__parent_id=OuterRef("pk")),
        acc=account,
        action__deleted=False,
    )
    moved = Coalesce(F("debit"), nothing) - Coalesce(F("credit"), nothing)
    added = own.order_by().values("acc").annotate(held=Sum(moved)).values("held")
    return Coalesce(Subquery(added, output_field=amount), nothing)
