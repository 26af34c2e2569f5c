"""``tollbook credits``: bonus credits given and listed; on any server, with a key."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import islice

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.keys import ACCOUNT, Moment
from tollbook.cli.output import print_json, print_table
from tollbook_client import Credit

_HEADERS = ("id", "client", "amount", "left", "status", "until (UTC)", "good for", "comment")


class Amount(click.ParamType[Decimal]):
    """An exact amount, such as 12.50."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """The amount; the server says whether it can be given."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is no amount such as 12.50", param, ctx)
        if not amount.is_finite():
            self.fail(f"{value!r} is no amount such as 12.50", param, ctx)
        return amount


@click.group("credits", short_help="Give and list bonus credits")
def command() -> None:
    """Give and list bonus credits on any server, by TOLLBOOK_URL and TOLLBOOK_KEY."""


@command.command("grant")
@click.option("--client", "client_id", type=ACCOUNT, required=True, metavar="ID", help="To whom.")
@click.option("--amount", type=Amount(), required=True, help="How much, such as 12.50.")
@click.option("--currency", required=True, help="A code such as EUR.")
@click.option("--from", "valid_from", type=Moment(), help="Good from this day on; else from now.")
@click.option("--to", "valid_to", type=Moment(), help="What is left then expires; else never.")
@click.option(
    "--category",
    "categories",
    type=ACCOUNT,
    multiple=True,
    metavar="ID",
    help="Good only for this product category; may be repeated.",
)
@click.option("--comment", default="", help="Why it is given.")
@json_option
@server_options
def grant(  # noqa: PLR0913, PLR0917  its options
    client_id: int,
    amount: Decimal,
    currency: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
    categories: Sequence[int],
    comment: str,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Give a client a bonus credit; needs an operator's key."""
    with connect(url, key) as book:
        given = book.credits.grant(
            client_id,
            amount,
            currency,
            valid_from=valid_from,
            valid_to=valid_to,
            product_categories=categories,
            comment=comment,
        )
    _tell([given], as_json=as_json)


@command.command("list")
@click.option("--client", "client_id", type=ACCOUNT, metavar="ID", help="Only of this client.")
@click.option("--currency", help="Only in this currency, a code such as EUR.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
@server_options
def list_credits(
    client_id: int | None,
    currency: str | None,
    limit: int,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """List bonus credits with what is left of each, the newest first."""
    with connect(url, key) as book:
        found = list(islice(book.credits.list(client_id=client_id, currency=currency), limit))
    _tell(found, as_json=as_json)


def _tell(found: Sequence[Credit], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(credit) for credit in found])
        return
    print_table(_HEADERS, [_row(credit) for credit in found])


def _row(credit: Credit) -> tuple[object, ...]:
    return (
        credit.id,
        credit.client_id,
        f"{credit.amount:f} {credit.currency}",
        f"{credit.left:f}",
        credit.status,
        f"{credit.valid_to:%Y-%m-%d %H:%M}" if credit.valid_to else "",
        ", ".join(credit.product_categories) or "everything",
        credit.comment,
    )
