"""Writing actions down, whose two operations balance, under the lock of their client."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tollbook.clients.models import Client
from tollbook.credits.models import Action, Grant, Operation
from tollbook.credits.rules import SIDES, ActionType


def lock_client(client_id: int) -> Client:
    """Let one transaction at a time move the credits of a client; readers go on."""
    return Client.objects.select_for_update(no_key=True).get(pk=client_id)


def record_move(
    grant: Grant,
    action_type: ActionType,
    amount: Decimal,
    *,
    applying_at: datetime,
    now: datetime,
    **about: Any,
) -> Action:
    """Write down that something happens to a credit; the database checks that it can."""
    action = Action.objects.create(
        parent_id=grant.pk,
        type_code=action_type,
        applying_at=applying_at,
        created_at=now,
        **about,
    )
    record_sides(grant, action, amount)
    return action


def record_sides(
    grant: Grant, action: Action, amount: Decimal, analytics: Mapping[str, Any] | None = None
) -> None:
    """Move the amount from one account to the other."""
    into, out_of = SIDES[ActionType(action.type_code)]
    Operation.objects.bulk_create(
        Operation(
            action=action,
            client_id=grant.client_id,
            acc=account,
            unit_code=grant.unit_code,
            service=service_of(grant),
            analytics=analytics,
            **{side: amount},
        )
        for account, side in ((into, "debit"), (out_of, "credit"))
    )


def service_of(grant: Grant) -> str:
    """The names of the product categories that the credit is good for; empty for all."""
    return ", ".join(sorted(category.name for category in grant.categories.all()))
