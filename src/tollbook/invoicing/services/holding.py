"""Who has a reseller's month in its hands: one closing at a time, until it has ended."""

from uuid import UUID

import structlog
from django.db import transaction

from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.selectors import find_month_state
from tollbook.expenses.services import abandon_closing
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import UNFINISHED
from tollbook.invoicing.closing import Closing
from tollbook.invoicing.models import ClosingHold, ClosingPart
from tollbook.kernel.errors import Conflict

_log = structlog.get_logger(__name__)


@transaction.atomic
def take_month(file_task_uuid: UUID, closing: Closing) -> None:
    """Make the month this closing's; ``Conflict`` while another unfinished one has it."""
    hold, fresh = ClosingHold.objects.select_for_update().get_or_create(
        reseller_id=closing.reseller_id,
        month=closing.month.start,
        defaults={"file_task_uuid": file_task_uuid},
    )
    if fresh or hold.file_task_uuid == file_task_uuid:
        return
    if _is_unfinished(hold.file_task_uuid):
        raise Conflict(
            f"{closing.month.start:%Y-%m} is being closed already, by closing "
            f"{hold.file_task_uuid}",
            field="month",
        )
    hold.file_task_uuid = file_task_uuid
    hold.save(update_fields=("file_task_uuid",))


def release_month(file_task_uuid: UUID) -> None:
    """Let go what the closing had, and forget its parts."""
    ClosingHold.objects.filter(file_task_uuid=file_task_uuid).delete()
    ClosingPart.objects.filter(file_task_uuid=file_task_uuid).delete()


def release_abandoned_months() -> int:
    """Open months again whose closing was cancelled, removed or given up; returns how many."""
    held = ClosingHold.objects.values_list("pk", flat=True)
    return sum(_release_if_abandoned(pk) for pk in held)


@transaction.atomic
def _release_if_abandoned(pk: int) -> bool:
    hold = ClosingHold.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if hold is None or _is_unfinished(hold.file_task_uuid):
        return False
    if find_month_state(hold.reseller_id, hold.month).status == MonthStatus.CLOSING:
        abandon_closing(reseller_id=hold.reseller_id, month=hold.month)
        _log.info("closing_abandoned", reseller=hold.reseller_id, month=str(hold.month))
    release_month(hold.file_task_uuid)
    return True


def _is_unfinished(file_task_uuid: UUID) -> bool:
    return FileTask.objects.filter(pk=file_task_uuid, status__in=UNFINISHED).exists()
