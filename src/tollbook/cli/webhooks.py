"""``tollbook webhooks``: who is told when work has ended; on any server, with a key."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from uuid import UUID

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.keys import ACCOUNT
from tollbook.cli.output import delete_each, print_json, print_table
from tollbook_client import Webhook, WebhookDelivery

_HEADERS = ("id", "url", "events", "state", "description")
_DELIVERY_HEADERS = ("id", "event", "status", "attempts", "last answer", "created (UTC)")
_STATUSES = ("Pending", "Delivered", "Failed")


@click.group("webhooks", short_help="Be told when work has ended")
def command() -> None:
    """Keep the addresses that are told when work has ended, by TOLLBOOK_URL and TOLLBOOK_KEY."""


@command.command("new")
@click.argument("url_to_tell", metavar="URL")
@click.option("--event", "events", multiple=True, help="Only of this; may be repeated.")
@click.option("--description", help="What it is for.")
@json_option
@server_options
def new(
    url_to_tell: str,
    events: Sequence[str],
    description: str | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Add a webhook at URL and print its secret, once, alone on standard output."""
    with connect(url, key) as book:
        made = book.webhooks.create(url_to_tell, events=events or None, description=description)
    _tell_secret(made, as_json=as_json)


@command.command("list")
@json_option
@server_options
def list_webhooks(as_json: bool, url: str | None, key: str | None) -> None:
    """List webhooks, without their secrets."""
    with connect(url, key) as book:
        found = list(book.webhooks.list())
    if as_json:
        print_json([_plain(webhook) for webhook in found])
        return
    print_table(_HEADERS, [_row(webhook) for webhook in found])


@command.command("show")
@click.argument("number", metavar="ID", type=ACCOUNT)
@json_option
@server_options
def show(number: int, as_json: bool, url: str | None, key: str | None) -> None:
    """Show one webhook."""
    with connect(url, key) as book:
        found = book.webhooks.get(number)
    if as_json:
        print_json(_plain(found))
        return
    print_table(("field", "value"), list(_plain(found).items()))


@command.command("change")
@click.argument("number", metavar="ID", type=ACCOUNT)
@click.option("--to", "url_to_tell", help="Another address.")
@click.option("--event", "events", multiple=True, help="Only of these; may be repeated.")
@click.option("--description", help="What it is for.")
@click.option("--enable/--disable", "enabled", default=None, help="Whether it is told at all.")
@json_option
@server_options
def change(
    number: int,
    url_to_tell: str | None,
    events: Sequence[str],
    description: str | None,
    enabled: bool | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Change a webhook, or let one begin anew that was disabled."""
    with connect(url, key) as book:
        changed = book.webhooks.change(
            number,
            url=url_to_tell,
            events=events or None,
            description=description,
            enabled=enabled,
        )
    if as_json:
        print_json(_plain(changed))
        return
    print_table(_HEADERS, [_row(changed)])


@command.command("delete")
@click.argument("numbers", metavar="ID…", nargs=-1, required=True, type=ACCOUNT)
@json_option
@server_options
def delete(numbers: Sequence[int], as_json: bool, url: str | None, key: str | None) -> None:
    """Remove webhooks with their logs."""
    with connect(url, key) as book:
        delete_each(numbers, book.webhooks.delete, kind="webhook", as_json=as_json)


@command.command("rotate")
@click.argument("number", metavar="ID", type=ACCOUNT)
@json_option
@server_options
def rotate(number: int, as_json: bool, url: str | None, key: str | None) -> None:
    """Make a new secret and print it, once; for a day messages carry both signatures."""
    with connect(url, key) as book:
        made = book.webhooks.rotate(number)
    _tell_secret(made, as_json=as_json)


@command.command("test")
@click.argument("number", metavar="ID", type=ACCOUNT)
@json_option
@server_options
def test(number: int, as_json: bool, url: str | None, key: str | None) -> None:
    """Send a ping; `webhooks deliveries` tells what came of it."""
    with connect(url, key) as book:
        _tell_deliveries([book.webhooks.test(number)], as_json=as_json)


@command.command("deliveries")
@click.argument("number", metavar="ID", type=ACCOUNT)
@click.option("--status", multiple=True, type=click.Choice(_STATUSES), help="May be repeated.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
@server_options
def deliveries(
    number: int,
    status: Sequence[str],
    limit: int,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """List what was sent to a webhook and what is still to be, the newest first."""
    with connect(url, key) as book:
        found = list(islice(book.webhooks.deliveries(number, status=status), limit))
    _tell_deliveries(found, as_json=as_json)


@command.command("redeliver")
@click.argument("number", metavar="ID", type=ACCOUNT)
@click.argument("delivery", type=click.UUID)
@json_option
@server_options
def redeliver(number: int, delivery: UUID, as_json: bool, url: str | None, key: str | None) -> None:
    """Send a message once more, under the id that it has."""
    with connect(url, key) as book:
        _tell_deliveries([book.webhooks.redeliver(number, delivery)], as_json=as_json)


def _tell_secret(made: Webhook, *, as_json: bool) -> None:
    if as_json:
        print_json({**_plain(made), "secret": made.secret})
        return
    click.echo(f"Secret of webhook {made.id}, {made.url}; it is not shown again:", err=True)
    click.echo(made.secret)


def _tell_deliveries(found: Sequence[WebhookDelivery], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(delivery) for delivery in found])
        return
    print_table(_DELIVERY_HEADERS, [_delivery_row(delivery) for delivery in found])


def _delivery_row(delivery: WebhookDelivery) -> tuple[object, ...]:
    last = delivery.attempts[-1] if delivery.attempts else None
    answer = "" if last is None else last.response_status or last.error
    created = f"{delivery.created_at:%Y-%m-%d %H:%M:%S}"
    return (
        delivery.id,
        delivery.event,
        delivery.status,
        len(delivery.attempts),
        answer,
        created,
    )


def _row(webhook: Webhook) -> tuple[object, ...]:
    state = "enabled" if webhook.enabled else webhook.disabled_reason or "disabled"
    resting = " (in trouble)" if webhook.failures else ""
    events = ", ".join(webhook.events)
    return (webhook.id, webhook.url, events, state + resting, webhook.description)


def _plain(webhook: Webhook) -> dict[str, object]:
    return {name: value for name, value in asdict(webhook).items() if name != "secret"}
