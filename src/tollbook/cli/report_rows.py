"""``tollbook report rows``: a page of a finished report, without downloading it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.output import print_json, print_table
from tollbook_client import RowsPage, RowValue


@click.command("rows")
@click.argument("uuid", type=click.UUID)
@click.option("--columns", help="Keys of columns, parted by commas; else all.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="COLUMN:OPERATOR:VALUE",
    help="Only such rows; may be repeated, then all must hold.",
)
@click.option("--ordering", help="Keys of columns, parted by commas, - before one for descending.")
@click.option("--limit", type=click.IntRange(min=1, max=100), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(min=0), default=0, show_default=True)
@json_option
@server_options
def rows(
    uuid: UUID,
    columns: str | None,
    ordering: str | None,
    as_json: bool,
    url: str | None,
    key: str | None,
    **asked: Any,
) -> None:
    """Show rows of a finished report, filtered and ordered where it lies.

    Operators: eq ne lt le gt ge in contains is_null. Example:

    tollbook report rows UUID --filter client_id:eq:1001 --ordering=-money_value
    """
    with connect(url, key) as book:
        page = book.reports.page(
            uuid,
            columns=_keys(columns),
            ordering=_keys(ordering),
            **asked,
        )
    if as_json:
        print_json(_page_json(page))
        return
    keys = [column.key for column in page.columns]
    print_table(keys, [[_text(row[each]) for each in keys] for row in page.rows])
    click.echo(f"{len(page.rows):,} of {page.count:,} rows, after {asked['offset']:,}", err=True)


def _page_json(page: RowsPage) -> Mapping[str, object]:
    return {
        "count": page.count,
        "columns": [
            {"key": each.key, "header": each.header, "kind": each.kind} for each in page.columns
        ],
        "results": [{key: _plain(value) for key, value in row.items()} for row in page.rows],
    }


def _keys(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _plain(value: RowValue) -> object:
    return _text(value) if isinstance(value, Decimal | datetime) else value


def _text(value: RowValue) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return str(value)
