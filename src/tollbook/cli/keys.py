"""``tollbook keys``: make, list and revoke API keys in the book itself."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from tollbook.cli.book import opened_book
from tollbook.cli.connection import json_option
from tollbook.cli.output import print_json, print_table, told_at_the_end

_ROLES: Final = ("admin", "seller", "client", "operator")
ACCOUNT: Final = click.IntRange(1, 2**31 - 1)
KEY: Final = click.IntRange(1, 2**63 - 1)
_SPAN: Final = re.compile(r"(\d{1,5})([hd])")


class Moment(click.ParamType[datetime]):
    """A day, a moment, or a span from now such as ``90d``; days begin at midnight UTC."""

    name = "when"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment meant, aware."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        if span := _SPAN.fullmatch(text):
            unit = timedelta(hours=1) if span[2] == "h" else timedelta(days=1)
            return datetime.now(tz=UTC) + int(span[1]) * unit
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is neither a day (2027-01-31) nor a span (90d, 12h)", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group("keys", short_help="Make, list and revoke API keys")
def command() -> None:
    """Make, list and revoke the API keys of this book; needs the database, not the server."""


@command.command("new")
@click.option("--email", required=True, help="Whose key; who is unknown is made a user.")
@click.option("--role", type=click.Choice(_ROLES), help="Of a new user; else admin.")
@click.option("--expires", type=Moment(), help="A day (2027-01-31) or a span (90d, 12h).")
@click.option("--reseller", type=ACCOUNT, metavar="ID", help="Of a user; else the first.")
@click.option("--client", type=ACCOUNT, metavar="ID", help="Of a client user; else the first.")
@click.option("--label", default="", help="A word to know the key by.")
@json_option
def new(
    email: str,
    role: str | None,
    expires: datetime | None,
    reseller: int | None,
    client: int | None,
    label: str,
    as_json: bool,
) -> None:
    """Make a key and print it, once, alone on standard output."""
    with opened_book():
        from tollbook.cli import key_book  # noqa: PLC0415  Django must be ready

        user, key = key_book.new_key(
            email,
            role=role,
            reseller_id=reseller,
            client_id=client,
            expires_at=expires,
            label=label,
        )
        if as_json:
            print_json({"id": int(key.partition("$")[0]), "key": key, **key_book.told(user)})
            return
        click.echo(f"Key of {key_book.describe(user)}; it is not shown again:", err=True)
        click.echo(key)


@command.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List all keys, without their secrets."""
    with opened_book():
        from tollbook.cli import key_book  # noqa: PLC0415  Django must be ready

        found = key_book.list_keys()
    if as_json:
        print_json(found)
        return
    headers = ("id", "email", "role", "account", "label", "state", "expires", "last used")
    rows = [[_cell(one[header.replace(" ", "_")]) for header in headers] for one in found]
    print_table(headers, rows)


@command.command("revoke")
@click.argument(
    "numbers", metavar="ID…", nargs=-1, required=True, type=click.IntRange(1, 2**63 - 1)
)
@json_option
def revoke(numbers: tuple[int, ...], as_json: bool) -> None:
    """Make keys useless, at once and for ever; ID is what `keys list` shows, before the `$`."""
    with opened_book():
        from tollbook.cli import key_book  # noqa: PLC0415  Django must be ready

        with told_at_the_end(as_json=as_json) as done:
            for number in numbers:
                user = key_book.revoke(number)
                done.append({"id": number, "state": "revoked", **key_book.told(user)})
                if not as_json:
                    click.echo(f"Key {number} of {user} is revoked.", err=True)


def _cell(found: object) -> object:
    return f"{found:%Y-%m-%d %H:%M}" if isinstance(found, datetime) else found
