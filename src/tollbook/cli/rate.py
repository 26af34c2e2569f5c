"""``tollbook rate``: rates a month again and says what changed; on the book itself."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from tollbook.cli.book import opened_book
from tollbook.cli.connection import json_option
from tollbook.cli.output import CommandFailed, print_json, print_table
from tollbook.kernel.periods import month_of

_MEANINGS = {
    "added": "expenses that are new",
    "replaced": "expenses with a new revision",
    "removed": "expenses that are owed no more",
    "unchanged": "expenses left as they were",
    "unrated": "usage records that no contract prices",
    "unpriced": "subscriptions without a price in their contract's currency",
}


@click.command("rate", short_help="Rate a month again")
@click.argument("month", metavar="YYYY-MM", type=click.DateTime(formats=["%Y-%m"]))
@click.option(
    "--client",
    "client_ids",
    metavar="ID",
    type=click.IntRange(1, 2**31 - 1),
    multiple=True,
    help="Only this client; may be given several times.",
)
@click.option("--reason", default="rated again by an operator", show_default=True)
@json_option
def command(month: datetime, client_ids: tuple[int, ...], reason: str, as_json: bool) -> None:
    """Rate the usage, the fees and the corrections of MONTH again, and write only what differs.

    Needs the database, not the server. A closed month is refused: what came late for it becomes
    corrections in the next open one. A client with a line that cannot be rated is left as it is,
    the others are rated, and the command ends with 1.
    """
    with opened_book():
        from tollbook.clients.models import Client  # noqa: PLC0415  Django must be ready
        from tollbook.expenses.services import rate_asked  # noqa: PLC0415

        known = Client.objects.filter(pk__in=client_ids).values_list("pk", flat=True)
        if unknown := set(client_ids).difference(known):
            raise CommandFailed(f"there is no client {min(unknown)}")
        summary, left_out = rate_asked(
            month=month.date(),
            now=datetime.now(UTC),
            reason=reason,
            client_ids=client_ids or None,
        )
    _tell(f"{month_of(month.date()).start:%Y-%m}", asdict(summary), as_json=as_json)
    if left_out:
        told = "; ".join(f"client {each.client_id}: {each.why}" for each in left_out)
        raise CommandFailed(f"left as they are: {told}")


def _tell(month: str, counts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"month": month, **counts})
        return
    print_table((month, "", ""), [(name, f"{counts[name]:,}", _MEANINGS[name]) for name in counts])
