"""``tollbook invoices``: ERP invoices listed, shown and fetched; on any server, with a key."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.output import human_bytes, print_json, print_table
from tollbook_client import ErpInvoice, MoveType, PaymentState

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("invoices", short_help="List and fetch ERP invoices")
def command() -> None:
    """List and fetch ERP invoices from any server, by TOLLBOOK_URL and TOLLBOOK_KEY."""


@command.command("list")
@click.option("--from", "first", type=_DAY, help="Printed on this day or later.")
@click.option("--to", "last", type=_DAY, help="Printed on this day or earlier.")
@click.option("--state", type=click.Choice([state.value for state in PaymentState]))
@click.option("--type", "move_type", type=click.Choice([kind.value for kind in MoveType]))
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
@server_options
def list_invoices(
    first: datetime | None,
    last: datetime | None,
    state: str | None,
    move_type: str | None,
    limit: int,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """List invoices, the newest first."""
    with connect(url, key) as book:
        found = book.erp_invoices.list(
            payment_state=PaymentState(state) if state else None,
            move_type=MoveType(move_type) if move_type else None,
            invoice_date_from=first.date() if first else None,
            invoice_date_to=last.date() if last else None,
            ordering=("-invoice_date", "-id"),
        )
        invoices = list(islice(found, limit))
    if as_json:
        print_json([asdict(invoice) for invoice in invoices])
        return
    print_table(("id", "name", "date", "type", "state", "client", "total"), _rows(invoices))


@command.command("show")
@click.argument("number", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@json_option
@server_options
def show_invoice(number: int, as_json: bool, url: str | None, key: str | None) -> None:
    """Show one invoice."""
    with connect(url, key) as book:
        invoice = book.erp_invoices.get(number)
    if as_json:
        print_json(asdict(invoice))
        return
    print_table(("field", "value"), list(asdict(invoice).items()))


@command.command("pdf")
@click.argument("number", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@click.option("-o", "--output", type=Path, default=Path(), help="A file or a folder.")
@json_option
@server_options
def pdf(number: int, output: Path, as_json: bool, url: str | None, key: str | None) -> None:
    """Download the printed invoice."""
    with connect(url, key) as book:
        saved = book.erp_invoices.pdf(number, to=output)
    if as_json:
        print_json({"file": saved.path, "bytes": saved.bytes, "sha256": saved.sha256})
        return
    click.echo(f"{saved.path}  {human_bytes(saved.bytes)}")


def _rows(invoices: Sequence[ErpInvoice]) -> list[tuple[object, ...]]:
    return [
        (
            invoice.id,
            invoice.name,
            invoice.invoice_date,
            invoice.move_type,
            invoice.payment_state,
            invoice.client_id,
            f"{invoice.amount_total:,.2f} {invoice.currency}",
        )
        for invoice in invoices
    ]
