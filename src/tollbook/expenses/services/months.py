"""The one owner of a month's status: it opens by itself, closes once, and never opens again."""

from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from tollbook.expenses.models import MonthState
from tollbook.expenses.rules import NEXT_STATUSES, MonthStatus
from tollbook.kernel.errors import Conflict
from tollbook.kernel.periods import month_start

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('expenses of a month'), %s)"


def begin_closing(*, reseller_id: int, month: date) -> MonthState:
    """Let nobody rate the month but its closing; a closing that was killed begins again.

    Waits for a rating run of the month that is under way. ``Conflict`` where it is closed.
    """
    return _move(reseller_id, month, MonthStatus.CLOSING)


def abandon_closing(*, reseller_id: int, month: date) -> MonthState:
    """Open the month again that was to be closed; ``Conflict`` where it is closed."""
    return _move(reseller_id, month, MonthStatus.OPEN)


def finish_closing(
    *,
    reseller_id: int,
    month: date,
    closed_at: datetime,
    segment_key: str | None = None,
    segment_digest: str | None = None,
) -> MonthState:
    """Close the month for good; ``segment_key`` and ``segment_digest`` are of its sealed file.

    ``Conflict`` where its closing has not begun. A month that came into the book closed has no
    sealed file of its own.
    """
    return _move(
        reseller_id,
        month,
        MonthStatus.CLOSED,
        closed_at=closed_at,
        segment_key=segment_key,
        segment_digest=segment_digest,
    )


def lock_month(month: date) -> None:
    """Wait until nobody else rates or moves the month; held to the end of the transaction."""
    first = month_start(month)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [first.year * 100 + first.month])


def _move(reseller_id: int, month: date, status: MonthStatus, **facts: object) -> MonthState:
    first = month_start(month)
    with transaction.atomic():
        lock_month(first)
        state, _ = MonthState.objects.select_for_update().get_or_create(
            reseller_id=reseller_id, month=first
        )
        _check_may_become(state, status)
        for name, value in facts.items():
            setattr(state, name, value)
        state.status = status
        state.save()
    return state


def _check_may_become(state: MonthState, status: MonthStatus) -> None:
    before = MonthStatus(state.status)
    if status not in NEXT_STATUSES[before]:
        raise Conflict(
            f"{state.month:%Y-%m} of reseller {state.reseller_id} is {before.label} and cannot "
            f"become {status.label}",
            field="month",
        )
