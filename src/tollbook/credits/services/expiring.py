"""What is left of a credit when its time is over is lost."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from tollbook.credits.models import Grant
from tollbook.credits.rules import ActionType
from tollbook.credits.selectors import grants_of_client, grants_to_expire
from tollbook.credits.services.recording import lock_client, record_move


def expire_credits(now: datetime) -> int:
    """Expire what is left of credits whose time is over at ``now``; how many that were.

    A client at a time, each in a transaction of its own; done again it finds nothing. A closing
    of a month that a credit was good for still finds what has expired since: see
    ``charge_credits``.
    """
    clients = grants_to_expire(now).order_by("client_id").values_list("client_id", flat=True)
    expired = 0
    for client_id in clients.distinct():
        with transaction.atomic():
            lock_client(client_id)
            expired += expire_grants(grants_of_client(client_id), now)
    return expired


def expire_grants(grants: Iterable[Grant], now: datetime) -> int:
    """Expire those whose time is over and that hold something; their client is locked."""
    expired = 0
    for grant in grants:
        left: Decimal = grant.left  # type: ignore[attr-defined]  # a selector adds it up
        if left > 0 and grant.valid_to is not None and grant.valid_to <= now:
            record_move(grant, ActionType.EXPIRE, left, applying_at=grant.valid_to, now=now)
            expired += 1
    return expired
