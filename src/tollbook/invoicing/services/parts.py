"""The parts of a closing, a client each: made once, done by whoever locks them first.

The lock is that of the row, in the transaction that closes the client: a worker that is killed
leaves the part as it was, for the next one to take.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import django.db
import structlog
from django.db import connection, transaction

from tollbook.expenses.rules import MonthStatus
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.invoicing.closing import Closing
from tollbook.invoicing.models import ClosingPart
from tollbook.invoicing.rules import PartState
from tollbook.invoicing.services.client_closing import close_client
from tollbook.invoicing.services.crediting import kept_numbers
from tollbook.kernel.errors import DomainError
from tollbook.kernel.periods import DateRange

BROKEN: Final = (
    DomainError,
    ArithmeticError,
    ValueError,
    LookupError,
    django.db.DataError,
    django.db.IntegrityError,
)
"""What one client's book may be broken by; anything else concerns them all."""

_WANTED: Final = """
SELECT clock_timestamp() FROM expenses_monthstate AS state
JOIN filetasks_filetask AS task ON task.uuid = %s AND task.status = %s
WHERE state.reseller_id = %s AND month = %s AND state.status = %s FOR SHARE OF state
"""
_log = structlog.get_logger(__name__)


def prepare_parts(file_task_uuid: UUID, month: DateRange, client_ids: Iterable[int]) -> None:
    """Let these clients be closed, those too that an earlier attempt closed or failed at."""
    with transaction.atomic():
        earlier = ClosingPart.objects.filter(file_task_uuid=file_task_uuid)
        earlier.exclude(state=PartState.WAITING).delete()
        waiting = set(earlier.values_list("client_id", flat=True))
        new = [client_id for client_id in client_ids if client_id not in waiting]
        numbers = kept_numbers(new, month)
        ClosingPart.objects.bulk_create(
            (
                ClosingPart(
                    file_task_uuid=file_task_uuid,
                    client_id=client_id,
                    expense_numbers=numbers.get(client_id, []),
                )
                for client_id in new
            ),
            batch_size=1_000,
            ignore_conflicts=True,
        )


def close_parts(file_task_uuid: UUID, client_ids: Collection[int]) -> int:
    """Do those of the parts that wait for somebody; returns how many were done here."""
    task = FileTask.objects.filter(pk=file_task_uuid).first()
    if task is None:
        return 0
    closing = Closing.of(task)
    return sum(close_part(file_task_uuid, closing, client_id) for client_id in client_ids)


def close_part(file_task_uuid: UUID, closing: Closing, client_id: int) -> bool:
    """Close the client if nobody else does, and note how that went; a failure stays in the part."""
    with transaction.atomic():
        part = _lock(file_task_uuid, client_id)
        if part is None or part.state != PartState.WAITING:
            return False
        if (now := _wanted_at(file_task_uuid, closing)) is None:
            return False
        try:
            close_client(
                reseller_id=closing.reseller_id,
                client_id=client_id,
                month=closing.month,
                now=now,
                expense_numbers=part.expense_numbers,
            )
        except BROKEN as error:
            part.state, part.code, part.message = PartState.FAILED, *told(error)
            _log.warning("client_not_closed", client=client_id, code=part.code, error=str(error))
        else:
            part.state = PartState.CLOSED
        part.save(update_fields=("state", "code", "message"))
    return True


def waiting_clients(file_task_uuid: UUID, at_most: int | None = None) -> list[int]:
    """Clients whose part waits, or is being done at this moment; the last ones first.

    Messages take them from the other end.
    """
    waiting = _parts(file_task_uuid, PartState.WAITING).order_by("-id")
    return list(waiting.values_list("client_id", flat=True)[:at_most])


def count_done(file_task_uuid: UUID) -> int:
    """How many parts are done, well or not."""
    done = ClosingPart.objects.filter(file_task_uuid=file_task_uuid)
    return done.exclude(state=PartState.WAITING).count()


def failed_parts(file_task_uuid: UUID) -> Sequence[ClosingPart]:
    """The parts that failed, by client."""
    return list(_parts(file_task_uuid, PartState.FAILED).order_by("client_id"))


def told(error: Exception) -> tuple[str, str]:
    """A code and a sentence for what broke a client's closing."""
    if isinstance(error, DomainError):
        return error.code, error.message[:1000]
    return "broken_book", f"{type(error).__name__}: {error}"[:1000]


def _lock(file_task_uuid: UUID, client_id: int) -> ClosingPart | None:
    """The part, this transaction's alone; by its own index and in no order, however many."""
    own = ClosingPart.objects.filter(file_task_uuid=file_task_uuid, client_id=client_id)
    return next(iter(own.order_by().select_for_update(skip_locked=True)), None)


def _parts(file_task_uuid: UUID, state: PartState) -> "django.db.models.QuerySet[ClosingPart]":
    return ClosingPart.objects.filter(file_task_uuid=file_task_uuid, state=state)


def _wanted_at(file_task_uuid: UUID, closing: Closing) -> datetime | None:
    """The moment, if the closing runs and the month is its to close; so until the end."""
    task, month = (
        (file_task_uuid, TaskStatus.IN_PROGRESS),
        (closing.reseller_id, closing.month.start),
    )
    with connection.cursor() as cursor:
        cursor.execute(_WANTED, [*task, *month, MonthStatus.CLOSING])
        now: datetime | None = next(iter(cursor.fetchone() or ()), None)
    return now
