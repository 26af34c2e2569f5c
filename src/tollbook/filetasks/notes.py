"""``processing_notes``: what a file task tells about itself, at rest and on the wire."""

from collections.abc import Mapping
from typing import Any, Final

from tollbook.filetasks.models import FileTask

PUBLISHED: Final = (
    "celery_group_id",
    "period",
    "records_to_process",
    "errors",
    "warnings",
)
OURS: Final = (
    "records_processed",
    "rows",
    "attempt",
    "queue_position",
    "resolved_parameters",
    "digest",
    "data_version",
)


def opening_notes(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """The notes of a task that was just submitted."""
    notes: dict[str, Any] = dict.fromkeys((*PUBLISHED, *OURS))
    notes |= {"period": _period(resolved), "resolved_parameters": dict(resolved)}
    return notes | {"errors": [], "warnings": [], "records_processed": 0, "attempt": 0}


def with_note(notes: Mapping[str, Any], kind: str, note: Mapping[str, Any]) -> dict[str, Any]:
    """``notes`` with one more entry under ``kind``, which is ``errors`` or ``warnings``."""
    return {**notes, kind: [*(notes.get(kind) or ()), dict(note)]}


def notes_on_wire(task: FileTask) -> dict[str, Any]:
    """The notes as the API answers them; the place in the queue is the one a selector counted."""
    notes = {**dict.fromkeys((*PUBLISHED, *OURS)), **task.processing_notes}
    return notes | {"attempt": task.attempt, "queue_position": task.queue_position}


def _period(resolved: Mapping[str, Any]) -> str | None:
    """``2026-01-01/2026-02-01``, half-open, where the parameters name both ends."""
    if resolved.get("period"):
        return str(resolved["period"])
    start, end = resolved.get("date_from"), resolved.get("date_to")
    return f"{start}/{end}" if start and end else None
