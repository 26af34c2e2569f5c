"""Running a closing: rating, trial balance, every client by itself, and then the seal.

The worker that has the task spreads the clients over a group of messages and does its own share:
so it waits for nobody, and where no message arrives it does all of them. What is done is in the
parts; a closing that was killed goes on with those that wait.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.selectors import find_month_state
from tollbook.expenses.services import (
    abandon_closing,
    begin_closing,
    ensure_month_partitions,
    finish_closing,
    lock_month,
)
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.queue import send_group
from tollbook.filetasks.work import Progress, TaskOutcome, TaskStopped
from tollbook.invoicing.closing import Closing
from tollbook.invoicing.selectors.months import clients_to_close
from tollbook.invoicing.selectors.summary import SummaryRow, closing_summary
from tollbook.invoicing.selectors.trial_balance import Finding, Severity, trial_balance
from tollbook.invoicing.services import parts
from tollbook.invoicing.services.client_closing import close_client
from tollbook.invoicing.services.dispatching import wake_dispatch
from tollbook.invoicing.services.holding import (
    release_abandoned_months,
    release_month,
    take_month,
)
from tollbook.invoicing.services.rating import (
    months_to_correct,
    rate_for_closing,
    unbilled_usage,
)
from tollbook.invoicing.services.result import write_result
from tollbook.invoicing.services.sealing import seal_month
from tollbook.kernel.errors import Conflict, DomainError

CLOSE_CLIENTS: Final = "invoicing.close_clients"
CLIENTS_IN_A_MESSAGE: Final = 25
_MOST_NOTES: Final = 1_000
_LOOK_SECONDS: Final = 0.05
_log = structlog.get_logger(__name__)


class NobodyClosed(DomainError):
    """Not one client could be closed."""

    code = "nobody_closed"


def close_period(task: FileTask, progress: Progress) -> TaskOutcome:
    """Do what the closing ``task`` asks for; see docs/how-to/close-a-month.md."""
    closing = Closing.of(task)
    if closing.dry_run:
        return _finished(task, closing, *_rehearsed(task, closing, progress))
    take_month(task.pk, closing)
    try:
        outcome = _finished(task, closing, *_carried_out(task, closing, progress))
    except TaskStopped:
        release_abandoned_months()
        raise
    release_month(task.pk)
    wake_dispatch()
    return outcome


_Done = tuple[list[SummaryRow], list[Finding]]


def _carried_out(task: FileTask, closing: Closing, progress: Progress) -> _Done:
    """Close the clients for good, and the month once nobody is left."""
    if _status(closing) == MonthStatus.CLOSED:
        return _rows(closing), _looked_at(closing)
    begin_closing(reseller_id=closing.reseller_id, month=closing.month.start)
    findings = _prepared(task, closing)
    progress.check()
    parts.prepare_parts(task.pk, closing.month, _sound_clients(closing, findings))
    _spread(task, progress)
    _work_off(task, closing, progress)
    findings += [
        Finding(part.client_id, Severity.ERROR, part.code, part.message)
        for part in parts.failed_parts(task.pk)
    ]
    _seal_or_open(closing, findings)
    return _rows(closing), findings


def _rehearsed(task: FileTask, closing: Closing, progress: Progress) -> _Done:
    """Do the same in one transaction, rating too, and take it back.

    Nobody else rates or closes these months meanwhile; locks are taken by month, as all do.
    """
    with transaction.atomic():
        if _status(closing) == MonthStatus.CLOSED:
            return _rows(closing), _looked_at(closing)
        for month in months_to_correct(closing):
            lock_month(month)
        begin_closing(reseller_id=closing.reseller_id, month=closing.month.start)
        findings = _prepared(task, closing)
        clients = _sound_clients(closing, findings)
        for done, client_id in enumerate(clients):
            progress.report(done=done, total=len(clients))
            findings += _rehearse_client(closing, client_id)
        rows = _rows(closing)
        transaction.set_rollback(True)
    return rows, findings


def _rehearse_client(closing: Closing, client_id: int) -> Iterable[Finding]:
    try:
        with transaction.atomic():
            close_client(
                reseller_id=closing.reseller_id,
                client_id=client_id,
                month=closing.month,
                now=timezone.now(),
            )
    except parts.BROKEN as error:
        yield Finding(client_id, Severity.ERROR, *parts.told(error))


def _prepared(task: FileTask, closing: Closing) -> list[Finding]:
    """Rate the month as of when its closing was asked for, and look at its books."""
    ensure_month_partitions(closing.month)
    unrateable = rate_for_closing(closing, now=task.created_at)
    return [*unrateable, *_looked_at(closing, but_for=_errors(unrateable))]


def _looked_at(closing: Closing, *, but_for: Collection[int] = ()) -> list[Finding]:
    """What the books show of all clients; of a closed month nothing is an error any more."""
    found = [
        *unbilled_usage(closing, but_for=but_for),
        *trial_balance(reseller_id=closing.reseller_id, month=closing.month),
    ]
    if _status(closing) == MonthStatus.CLOSED:
        return [each for each in found if each.severity is not Severity.ERROR]
    return found


def _sound_clients(closing: Closing, findings: Sequence[Finding]) -> list[int]:
    """The clients to be closed, but for those that an error keeps from it."""
    wrong = _errors(findings)
    clients = clients_to_close(
        reseller_id=closing.reseller_id, month=closing.month, client_ids=closing.client_ids
    )
    return [client_id for client_id in clients if client_id not in wrong]


def _spread(task: FileTask, progress: Progress) -> None:
    """Tell the other workers, and the task under which number they know it."""
    clients = parts.waiting_clients(task.pk)[::-1]
    slices = [
        clients[first : first + CLIENTS_IN_A_MESSAGE]
        for first in range(0, len(clients), CLIENTS_IN_A_MESSAGE)
    ]
    messages = [(str(task.pk), some) for some in slices]
    task.processing_notes["celery_group_id"] = send_group(CLOSE_CLIENTS, messages)
    progress.report(done=0, total=len(clients))


def _work_off(task: FileTask, closing: Closing, progress: Progress) -> None:
    """Do parts until none waits; those that another worker has at the moment are waited for."""
    total = progress.numbers.get("records_to_process", 0)
    while waiting := parts.waiting_clients(task.pk, at_most=CLIENTS_IN_A_MESSAGE):
        done_here = 0
        for client_id in waiting:
            progress.check()
            done_here += parts.close_part(task.pk, closing, client_id)
        progress.report(done=parts.count_done(task.pk), total=total)
        if not done_here:
            _check_month(closing)
            time.sleep(_LOOK_SECONDS)


def _check_month(closing: Closing) -> None:
    if (status := _status(closing)) != MonthStatus.CLOSING:
        raise Conflict(f"{closing.month.start:%Y-%m} is {status} now", field="month")


def _status(closing: Closing) -> str:
    return find_month_state(closing.reseller_id, closing.month.start).status


def _seal_or_open(closing: Closing, findings: Sequence[Finding]) -> None:
    """Close the month if every client of the reseller is; else it stays open for the others."""
    owner: dict[str, Any] = {"reseller_id": closing.reseller_id, "month": closing.month.start}
    with transaction.atomic():
        lock_month(closing.month.start)
        left = clients_to_close(reseller_id=closing.reseller_id, month=closing.month)
        if left or _errors(findings):
            abandon_closing(**owner)
            return
        segment = seal_month(reseller_id=closing.reseller_id, month=closing.month)
        finish_closing(
            **owner,
            closed_at=timezone.now(),
            segment_key=segment.key,
            segment_digest=segment.digest,
        )
        _log.info("month_closed", **owner, digest=segment.digest)


def _rows(closing: Closing) -> list[SummaryRow]:
    return closing_summary(
        reseller_id=closing.reseller_id, month=closing.month, client_ids=closing.client_ids
    )


def _finished(
    task: FileTask, closing: Closing, rows: Sequence[SummaryRow], findings: Sequence[Finding]
) -> TaskOutcome:
    own = [each for each in findings if closing.concerns(each.client_id)]
    errors = _errors(own)
    notes = _notes(task, own)
    if errors and all(row.client_id in errors for row in rows):
        task.processing_notes |= notes
        raise NobodyClosed(f"none of {len(errors)} clients could be closed")
    return write_result(task, closing, rows, own, notes)


def _notes(task: FileTask, findings: Sequence[Finding]) -> dict[str, Any]:
    """What the task keeps: so many errors and warnings, the result file has the rest."""
    kept = task.processing_notes.get("warnings") or []
    by_severity: dict[Severity, list[Any]] = {Severity.ERROR: [], Severity.WARNING: [*kept]}
    for finding in findings:
        by_severity[finding.severity].append(finding.note())
    return {
        "errors": by_severity[Severity.ERROR][:_MOST_NOTES],
        "warnings": by_severity[Severity.WARNING][:_MOST_NOTES],
    }


def _errors(findings: Iterable[Finding]) -> Collection[int]:
    """The clients that cannot be closed."""
    return {each.client_id for each in findings if each.severity is Severity.ERROR}
