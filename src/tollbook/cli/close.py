"""``tollbook close``: close a month on any server, with a key, and see what it came to."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.following import cancelled_by_interrupt, show_task
from tollbook.cli.output import (
    CommandFailed,
    OnProgress,
    print_json,
    print_table,
    shown_progress,
    talk,
)
from tollbook.invoicing.columns import COLUMNS
from tollbook_client import FileTask, Tollbook

_CANCELLED: Final = {
    True: "cancelled; a dry run keeps nothing",
    False: "cancelled; clients that are closed stay so, close again for the others",
}
_SHOWN: Final = ("client_id", "company_name", "currency", "untaxed", "tax", "total", "state")


@click.command("close", short_help="Close a month")
@click.argument("month", metavar="YYYY-MM")
@click.option("--dry-run", is_flag=True, help="Show what it comes to, and keep nothing.")
@click.option("--reseller", type=click.IntRange(1), metavar="ID", help="For operators' keys.")
@click.option(
    "--client",
    "client_ids",
    type=click.IntRange(1),
    multiple=True,
    metavar="ID",
    help="Only this client; may be repeated.",
)
@json_option
@server_options
def command(
    month: str,
    dry_run: bool,
    reseller: int | None,
    client_ids: Sequence[int],
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Rate a month that has ended for the last time and make invoices of it.

    Asking again bills nobody twice. Ctrl-C cancels it: who was closed stays so. The exit status is
    0 only where every client was closed.
    Example:

    tollbook close 2026-10 --dry-run
    """
    with connect(url, key) as book, shown_progress(talk()) as show:
        task = book.closings.create(
            month, reseller=reseller, client_ids=client_ids or None, dry_run=dry_run
        )
        with cancelled_by_interrupt(book.closings, task, told=_CANCELLED[dry_run]):
            done = book.closings.wait(task.uuid, on_progress=lambda seen: _show(seen, show))
        rows = _rows(book, done)
    errors = done.processing_notes.errors
    if as_json:
        print_json({"closing": _plain(done), "rows": rows})
    else:
        print_table(_SHOWN, [[row[name] for name in _SHOWN] for row in rows])
        for note in (*done.processing_notes.warnings, *errors):
            click.echo(f"{note.get('code')}: {note.get('message')}", err=True)
    if errors:
        raise CommandFailed(f"{len(errors)} clients could not be closed; mend it and close again")


def _show(task: FileTask, show: OnProgress) -> None:
    show_task(task, show, name="the closing", working="clients are closed")


def _rows(book: Tollbook, task: FileTask) -> list[dict[str, Any]]:
    """The rows of the result, by the keys of its columns."""
    held = io.BytesIO()
    book.closings.download(task.uuid, "json", to=held)
    table = json.loads(held.getvalue())
    keys = [column.key for column in COLUMNS]
    return [dict(zip(keys, row, strict=True)) for row in table["rows"]]


def _plain(task: FileTask) -> dict[str, Any]:
    return {**asdict(task), "processing_notes": task.processing_notes.everything}
