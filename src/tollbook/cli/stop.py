"""``tollbook stop``: end what a client has subscribed to; on any server, with a key."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.following import cancelled_by_interrupt, show_task
from tollbook.cli.keys import ACCOUNT, Moment
from tollbook.cli.output import (
    CommandFailed,
    OnProgress,
    print_json,
    print_table,
    shown_progress,
    talk,
)
from tollbook_client import FileTask

_CANCELLED = "cancelled; contracts that are stopped stay so, stop again for the others"
_COUNTS = ("stopped", "already_stopped", "not_stopped")


@click.command("stop", short_help="Stop a client's subscriptions")
@click.option("--client", "client_id", type=ACCOUNT, required=True, metavar="ID", help="Whose.")
@click.option("--product", "product_id", type=ACCOUNT, metavar="ID", help="Only on this product.")
@click.option(
    "--addendum",
    "addendum_ids",
    type=ACCOUNT,
    multiple=True,
    metavar="ID",
    help="Only of this contract; may be repeated.",
)
@click.option("--at", type=Moment(), help="A day or a moment, by UTC; else now.")
@click.option("-o", "--output", type=Path, default=Path(), help="A file or a folder.")
@json_option
@server_options
def command(
    client_id: int,
    product_id: int | None,
    addendum_ids: Sequence[int],
    at: datetime | None,
    output: Path,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Stop a client's subscriptions at a moment, and save what became of each as CSV.

    All of them, or those on a product, or those of some contracts. Fees are owed until then; a
    month that is closed cannot be changed any more. The exit status is 0 only when nothing was
    left running that was asked for.
    """
    moment = at or datetime.now(tz=UTC)
    with connect(url, key) as book, shown_progress(talk()) as show:
        task = book.stops.create(
            client_id, moment, product_id=product_id, addendum_ids=addendum_ids
        )
        with cancelled_by_interrupt(book.stops, task, told=_CANCELLED):
            done = book.stops.wait(task.uuid, on_progress=lambda seen: _show(seen, show))
        saved = book.stops.download(done.uuid, "csv", to=output)
    counts = {name: int(done.processing_notes.everything.get(name) or 0) for name in _COUNTS}
    if as_json:
        print_json({"uuid": done.uuid, "at": moment, "file": saved.path, **counts})
    else:
        rows = [(name.replace("_", " "), count) for name, count in counts.items()]
        print_table(("outcome", "subscriptions"), rows)
        click.echo(f"file {saved.path}")
    if counts["not_stopped"]:
        raise CommandFailed(f"{counts['not_stopped']} subscriptions were not stopped: see the file")


def _show(task: FileTask, show: OnProgress) -> None:
    show_task(task, show, name="the stop", working="contracts are stopped")
