"""Which clients of a month have something to be billed, and which closing is at work on it."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db import connection

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import UNFINISHED
from tollbook.invoicing.models import ClosingHold
from tollbook.invoicing.selectors.unbilled import DIFFERENCES, RESELLERS, difference_values
from tollbook.kernel.periods import DateRange


def clients_to_close(
    *, reseller_id: int, month: DateRange, client_ids: Collection[int] | None = None
) -> list[int]:
    """The clients with something that no invoice of the month bills; of ``client_ids`` if given."""
    statement = (
        DIFFERENCES.format(columns="DISTINCT client_id", owner=RESELLERS) + " ORDER BY client_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, difference_values(reseller_id, month))
        found = [client_id for (client_id,) in cursor.fetchall()]
    return found if client_ids is None else [one for one in found if one in client_ids]


def holder_of(reseller_id: int, month: date) -> UUID | None:
    """The unfinished closing that has the month in its hands."""
    hold = ClosingHold.objects.filter(reseller_id=reseller_id, month=month).first()
    if hold is None:
        return None
    at_work = FileTask.objects.filter(pk=hold.file_task_uuid, status__in=UNFINISHED).exists()
    return hold.file_task_uuid if at_work else None
