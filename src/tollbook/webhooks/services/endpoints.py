"""Endpoints: added, changed, removed, and given another secret."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import Conflict, InvalidInput
from tollbook.webhooks.addresses import check_url
from tollbook.webhooks.models import Endpoint
from tollbook.webhooks.rules import MOST_ENDPOINTS, Event
from tollbook.webhooks.selectors import check_may_use_webhooks, lock_endpoint, may_be_private
from tollbook.webhooks.signing import new_seed, print_of, secret_of

OLD_SECRET_FOR: Final = timedelta(hours=24)
LONGEST_DESCRIPTION: Final = 200


def add_endpoint(
    *,
    viewer: Viewer,
    url: str,
    events: Sequence[str] | None = None,
    description: str = "",
    now: datetime,
) -> tuple[Endpoint, str]:
    """Add an endpoint of the viewer's reseller, or of the operator; returns its secret, once.

    Without ``events`` it is told of all there are.
    """
    check_may_use_webhooks(viewer)
    check_url(url, private=may_be_private(viewer.reseller_id))
    wanted = _checked_events(Event.values if events is None else events)
    if Endpoint.objects.filter(Q(reseller_id=viewer.reseller_id)).count() >= MOST_ENDPOINTS:
        raise Conflict(f"there are {MOST_ENDPOINTS} webhooks already: remove one first")
    seed = new_seed()
    endpoint = Endpoint.objects.create(
        reseller_id=viewer.reseller_id,
        url=url,
        events=wanted,
        description=_checked_description(description),
        seed=seed,
        secret_print=print_of(secret_of(seed)),
        created_at=now,
        updated_at=now,
    )
    return endpoint, secret_of(seed)


def change_endpoint(
    *,
    viewer: Viewer,
    endpoint_id: int,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
    now: datetime,
) -> Endpoint:
    """Change what is given; enabling it lets it begin anew, whatever failed before."""
    check_may_use_webhooks(viewer)
    with transaction.atomic():
        endpoint = lock_endpoint(viewer, endpoint_id)
        if url is not None:
            check_url(url, private=may_be_private(endpoint.reseller_id))
            endpoint.url = url
        if events is not None:
            endpoint.events = _checked_events(events)
        if description is not None:
            endpoint.description = _checked_description(description)
        if enabled is not None:
            endpoint.enabled, endpoint.disabled_reason = enabled, ""
            endpoint.failures, endpoint.rests_until = 0, None
        endpoint.updated_at = now
        endpoint.save()
    return endpoint


def remove_endpoint(*, viewer: Viewer, endpoint_id: int) -> None:
    """Remove the endpoint with all that was sent to it; what is under way is not noted any more."""
    check_may_use_webhooks(viewer)
    with transaction.atomic():
        lock_endpoint(viewer, endpoint_id).delete()


def rotate_secret(*, viewer: Viewer, endpoint_id: int, now: datetime) -> tuple[Endpoint, str]:
    """Give it a new secret, returned once; for a day messages carry the old one's signature too."""
    check_may_use_webhooks(viewer)
    with transaction.atomic():
        endpoint = lock_endpoint(viewer, endpoint_id)
        endpoint.old_seed, endpoint.old_until = endpoint.seed, now + OLD_SECRET_FOR
        endpoint.seed = new_seed()
        secret = secret_of(endpoint.seed)
        endpoint.secret_print = print_of(secret)
        endpoint.updated_at = now
        endpoint.save()
    return endpoint, secret


def _checked_events(events: Sequence[str]) -> list[str]:
    if unknown := [event for event in events if event not in Event.values]:
        known = ", ".join(Event.values)
        raise InvalidInput(
            f"There is no event {unknown[0][:60]}; known are {known}.", field="events"
        )
    if not events:
        raise InvalidInput("This is no list of events, or an empty one.", field="events")
    return sorted(set(events))


def _checked_description(text: str) -> str:
    if len(text) > LONGEST_DESCRIPTION:
        raise InvalidInput(
            f"This is longer than {LONGEST_DESCRIPTION} characters.", field="description"
        )
    return text
