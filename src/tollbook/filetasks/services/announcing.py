"""Ended work that somebody may wait for: handed out once, to whoever tells them."""

from datetime import datetime

from tollbook.filetasks.models import FileTask


def take_endings(*, at_most: int, now: datetime) -> list[FileTask]:
    """Ended tasks of which nobody was told, the oldest first; call it in a transaction.

    They count as told once that commits, and come again where it does not. Two that ask at once
    share them.
    """
    untold = FileTask.objects.filter(finished_at__isnull=False, announced_at=None)
    locked = untold.select_for_update(skip_locked=True, of=("self",)).order_by("finished_at")
    ended = list(locked[:at_most])
    FileTask.objects.filter(pk__in=[task.pk for task in ended]).update(announced_at=now)
    return ended
