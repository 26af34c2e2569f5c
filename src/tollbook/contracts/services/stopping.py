"""Ending subscriptions, and the addendums that hold nothing else."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from tollbook.contracts.models import Addendum, Stop, Subscription
from tollbook.contracts.rules import AddendumStatus, StopOutcome, stop_outcome


def stop_addendum(*, addendum_id: int, at: datetime, now: datetime, task: UUID) -> None:
    """End every subscription of the addendum that runs at ``at``, and then the addendum too.

    What begins only later keeps the addendum open. Each that ends leaves a ``Stop`` under
    ``task``, so that work which is done again still knows what it was that ended it.
    """
    with transaction.atomic():
        addendum = Addendum.objects.select_for_update(no_key=True).get(pk=addendum_id)
        outcomes = [_stop(each, at, task) for each in _subscriptions(addendum)]
        if StopOutcome.NOT_POSSIBLE not in outcomes:
            _end(addendum, at, now)


def end_addendums(now: datetime) -> int:
    """Mark addendums whose range is over as stopped; how many that were."""
    over = Addendum.objects.filter(active_to__lte=now).exclude(status=AddendumStatus.STOPPED)
    return over.update(status=AddendumStatus.STOPPED)


def _subscriptions(addendum: Addendum) -> list[Subscription]:
    return list(addendum.subscriptions.select_for_update(no_key=True).order_by("pk"))


def _stop(subscription: Subscription, at: datetime, task: UUID) -> StopOutcome:
    outcome = stop_outcome(subscription.active_from, subscription.active_to, at)
    if outcome is StopOutcome.STOPPED:
        Stop.objects.create(
            file_task=task, subscription=subscription, ended_at=at, before=subscription.active_to
        )
        subscription.active_to = at
        subscription.save(update_fields=("active_to",))
    return outcome


def _end(addendum: Addendum, at: datetime, now: datetime) -> None:
    """Its range ends at ``at`` at the latest; one that begins only then never runs."""
    ends = max(at, addendum.active_from) if addendum.active_from else at
    running = Q(active_to=None) | Q(active_to__gt=ends)
    Addendum.objects.filter(running, pk=addendum.pk).update(active_to=ends)
    if ends <= now:
        Addendum.objects.filter(pk=addendum.pk).update(status=AddendumStatus.STOPPED)
