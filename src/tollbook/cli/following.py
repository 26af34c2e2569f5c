"""What a command that waits for a task shows of it, and what becomes of the task on Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from tollbook.cli.output import OnProgress
from tollbook_client import FileTask, TaskStatus, TollbookError
from tollbook_client.tasks import Tasks


def show_task(task: FileTask, show: OnProgress, *, name: str, working: str) -> None:
    """Show where a task stands: ``name`` waits for a worker, or ``working`` is what one does."""
    notes = task.processing_notes
    if task.status is TaskStatus.PENDING:
        place = f", number {notes.queue_position} in the queue" if notes.queue_position else ""
        show(f"{name} waits{place}", 0, None)
    elif task.status is TaskStatus.IN_PROGRESS:
        show(working, notes.records_processed or 0, notes.records_to_process)


@contextmanager
def cancelled_by_interrupt(tasks: Tasks, task: FileTask, *, told: str) -> Iterator[None]:
    """Ctrl-C in the block cancels the task on the server too, and says so: that it is ``told``."""
    try:
        yield
    except KeyboardInterrupt:
        name = f"{tasks.noun} {task.uuid}"
        try:
            tasks.cancel(task.uuid)
        except TollbookError as error:
            click.echo(f"tollbook: {name} goes on: {error.message}", err=True)
        else:
            click.echo(f"tollbook: {name} is {told}", err=True)
        raise
