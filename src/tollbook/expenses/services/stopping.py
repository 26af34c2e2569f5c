"""Stopping subscriptions as background work; here, as only open months may be changed."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tollbook.catalog.models import Product
from tollbook.clients.rules import Role
from tollbook.clients.selectors import viewer_of, visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Addendum, Subscription
from tollbook.contracts.rules import StopOutcome
from tollbook.contracts.selectors import list_to_stop, subscriptions_of
from tollbook.contracts.services import stop_addendum
from tollbook.expenses.selectors.months import months_not_open
from tollbook.expenses.services.months import lock_month
from tollbook.expenses.stop_file import Row, write_stop_file
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import Progress, TaskOutcome, submit_file_task
from tollbook.kernel.errors import Forbidden, InvalidFields

MOST_ADDENDUMS: Final = 1_000
_MAY_STOP: Final = frozenset({Role.OPERATOR, Role.ADMIN})
_ITS_ADDENDUMS: Final = "There is no addendum {} of this client and product."


def check_may_stop(viewer: Viewer) -> None:
    """Refuse roles that may not stop subscriptions."""
    if viewer.role not in _MAY_STOP:
        raise Forbidden("Only the operator and a reseller's admins may stop subscriptions.")


def submit_stop(
    *,
    viewer: Viewer,
    client_id: int,
    product_id: int | None = None,
    addendum_ids: Collection[int] = (),
    at: datetime,
    request_id: UUID | None,
    now: datetime,
) -> FileTask:
    """Record that a client's subscriptions end at ``at``; ``InvalidFields`` names what cannot be.

    All of them, or those of a product, or of some addendums. The operator and the admins of the
    client's reseller may.
    """
    check_may_stop(viewer)
    _check(viewer, client_id, product_id, addendum_ids, at)
    asked = {
        "client_id": client_id,
        "product_id": product_id,
        "addendum_ids": sorted(set(addendum_ids)) or None,
        "at": at.isoformat(),
    }
    return submit_file_task(
        viewer=viewer,
        task_type=TaskType.STOP_SUBSCRIPTIONS,
        parameters={name: value for name, value in asked.items() if value is not None},
        resolved=asked,
        client_id=client_id,
        request_id=request_id,
        now=now,
    )


def write_stop(task: FileTask, progress: Progress) -> TaskOutcome:
    """Stop what is asked for, an addendum at a time, as the asker may see the book now.

    Done again it stops nothing twice and still tells what it had stopped before.
    """
    viewer, at = viewer_of(task.user), datetime.fromisoformat(task.parameters["at"])
    addendums = list_to_stop(
        viewer,
        client_id=task.parameters["client_id"],
        product_id=task.parameters.get("product_id"),
        addendum_ids=task.parameters.get("addendum_ids") or (),
    )
    rows: list[Row] = []
    for done, addendum in enumerate(addendums):
        progress.report(done=done, total=len(addendums))
        refused = _stop(addendum, at, task.uuid)
        found = subscriptions_of(addendum, stopped_by=task.uuid)
        rows += [(each, *_outcome(each, at, refused)) for each in found]
    progress.check()
    return write_stop_file(task, rows)


def _stop(addendum: Addendum, at: datetime, task: UUID) -> str | None:
    """Stop what the addendum holds, or say why nothing of it may be stopped."""
    with transaction.atomic():
        lock_month(at.date())
        refused = _closed(addendum.client.reseller_id, at)
        if refused is None:
            stop_addendum(addendum_id=addendum.pk, at=at, now=timezone.now(), task=task)
    return refused


def _outcome(
    subscription: Subscription, at: datetime, refused: str | None
) -> tuple[StopOutcome, str | None]:
    if subscription.was_stopped:  # type: ignore[attr-defined]  # a selector tells
        return StopOutcome.STOPPED, None
    if subscription.active_to is not None and subscription.active_to <= at:
        return StopOutcome.ALREADY, None
    begins = f"It begins only at {subscription.active_from.isoformat()}."
    return StopOutcome.NOT_POSSIBLE, refused or begins


def _closed(reseller_id: int, at: datetime) -> str | None:
    """Why nothing can end at the moment: a month that it would change is not open any more."""
    months = months_not_open(reseller_id, since=at.date())
    if not months:
        return None
    named = ", ".join(f"{month:%Y-%m}" for month in months)
    return f"{named} is closed or being closed; what was charged there cannot change."


def _check(
    viewer: Viewer,
    client_id: int,
    product_id: int | None,
    addendum_ids: Collection[int],
    at: datetime,
) -> None:
    client = visible_clients(viewer).filter(pk=client_id).first()
    if client is None:
        raise InvalidFields({"client_id": [f"There is no client {client_id}."]})
    errors: dict[str, list[str]] = {}
    if product_id is not None and not Product.objects.filter(pk=product_id).exists():
        errors["product_id"] = [f"There is no product {product_id}."]
    if len(addendum_ids) > MOST_ADDENDUMS:
        errors["addendum_ids"] = [f"These are more than {MOST_ADDENDUMS}."]
    elif unknown := _unknown(viewer, client_id, product_id, addendum_ids):
        errors["addendum_ids"] = [_ITS_ADDENDUMS.format(each) for each in unknown[:10]]
    if closed := _closed(client.reseller_id, at):
        errors["at"] = [closed]
    if errors:
        raise InvalidFields(errors)


def _unknown(
    viewer: Viewer, client_id: int, product_id: int | None, addendum_ids: Iterable[int]
) -> list[int]:
    found = list_to_stop(
        viewer, client_id=client_id, product_id=product_id, addendum_ids=list(addendum_ids)
    )
    return sorted(set(addendum_ids) - {addendum.pk for addendum in found})
