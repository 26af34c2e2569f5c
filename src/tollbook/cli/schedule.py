"""``tollbook schedule``: reports and closings at their time; on any server, with a key."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.keys import ACCOUNT
from tollbook.cli.output import delete_each, print_json, print_table
from tollbook.cli.report import FORMATS
from tollbook.cli.report_parameters import typed_parameters
from tollbook_client import Schedule, ScheduleRun, Tollbook

_HEADERS = ("id", "name", "what", "cron", "zone", "to", "next (UTC)", "last run")
_RUN_HEADERS = ("id", "due (UTC)", "state", "task", "file", "error")


class Place(click.ParamType[tuple[str, int | None]]):
    """``storage``, or ``webhook:ID``."""

    name = "place"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int | None]:
        """The target, and which webhook."""
        target, _, number = str(value).partition(":")
        numbered = number.isascii() and number.isdigit()
        if (target, numbered) != ("webhook", True) and str(value) != "storage":
            self.fail(f"{value!r} is neither storage nor webhook:ID", param, ctx)
        return target, int(number) if numbered else None


@click.group("schedule", short_help="Reports and closings at their time")
def command() -> None:
    """Have reports and closings made at their time, by TOLLBOOK_URL and TOLLBOOK_KEY."""


@command.command("new")
@click.argument("template", required=False)
@click.option("--cron", required=True, help="When: minute hour day month weekday.")
@click.option("--time-zone", help="Whose clocks count, such as Europe/Oslo; else UTC.")
@click.option("--name", help="Files are named after it; else the template's code, or closing.")
@click.option("-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE")
@click.option("--format", "chosen", type=click.Choice(FORMATS), help="Of the file; else csv.")
@click.option("--to", "place", type=Place(), default="storage", help="storage or webhook:ID.")
@click.option("--keep-days", type=click.IntRange(1, 3650), help="How long files are kept.")
@click.option("--closing", is_flag=True, help="Close the previous month, instead of a report.")
@click.option("--dry-run", is_flag=True, help="Of a closing: keep nothing.")
@click.option("--reseller", type=ACCOUNT, metavar="ID", help="Of a closing, for operators' keys.")
@json_option
@server_options
def new(  # noqa: PLR0913, PLR0917  its options
    template: str | None,
    cron: str,
    time_zone: str | None,
    name: str | None,
    given: Sequence[str],
    chosen: str | None,
    place: tuple[str, int | None],
    keep_days: int | None,
    closing: bool,
    dry_run: bool,
    reseller: int | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Have a report made, or a month closed, whenever CRON comes.

    Days may be words that move: {today}, {yesterday}, {today-7}, and {previous_month.start},
    {previous_month.end} and the like of this or the previous week, month, quarter or year.
    Example:

    tollbook schedule new ResellerExpenses -p date_from='{previous_month.start}'
    -p date_to='{previous_month.end}' --cron '0 6 1 * *' --format csv --to storage
    """
    _check_words(template, given, closing=closing, dry_run=dry_run, reseller=reseller)
    target, webhook_id = place
    with connect(url, key) as book:
        made = book.schedules.create(
            name or template or "closing",
            cron,
            kind="closing" if closing else "report",
            template_code=template,
            parameters=_closing(dry_run, reseller) if closing else _typed(book, template, given),
            time_zone=time_zone,
            target=target,
            format=chosen,
            webhook_id=webhook_id,
            keep_days=keep_days,
        )
    _tell([made], as_json=as_json)


@command.command("list")
@json_option
@server_options
def list_schedules(as_json: bool, url: str | None, key: str | None) -> None:
    """List schedules with their next and their last run."""
    with connect(url, key) as book:
        _tell(list(book.schedules.list()), as_json=as_json)


@command.command("show")
@click.argument("number", metavar="ID", type=ACCOUNT)
@json_option
@server_options
def show(number: int, as_json: bool, url: str | None, key: str | None) -> None:
    """Show one schedule."""
    with connect(url, key) as book:
        found = book.schedules.get(number)
    if as_json:
        print_json(asdict(found))
        return
    print_table(("field", "value"), list(asdict(found).items()))


@command.command("enable")
@click.argument("number", metavar="ID", type=ACCOUNT)
@click.option("--off", is_flag=True, help="Let it rest instead.")
@json_option
@server_options
def enable(number: int, off: bool, as_json: bool, url: str | None, key: str | None) -> None:
    """Let a schedule fire, or rest."""
    with connect(url, key) as book:
        _tell([book.schedules.change(number, enabled=not off)], as_json=as_json)


@command.command("delete")
@click.argument("numbers", metavar="ID…", nargs=-1, required=True, type=ACCOUNT)
@json_option
@server_options
def delete(numbers: Sequence[int], as_json: bool, url: str | None, key: str | None) -> None:
    """Remove schedules; files that they have made stay for their time."""
    with connect(url, key) as book:
        delete_each(numbers, book.schedules.delete, kind="schedule", as_json=as_json)


@command.command("run")
@click.argument("number", metavar="ID", type=ACCOUNT)
@json_option
@server_options
def run(number: int, as_json: bool, url: str | None, key: str | None) -> None:
    """Have it made now, besides its times."""
    with connect(url, key) as book:
        _tell_runs([book.schedules.run(number)], as_json=as_json)


@command.command("runs")
@click.argument("number", metavar="ID", type=ACCOUNT)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
@server_options
def runs(number: int, limit: int, as_json: bool, url: str | None, key: str | None) -> None:
    """List what became of each time, the latest first."""
    with connect(url, key) as book:
        _tell_runs(list(islice(book.schedules.runs(number), limit)), as_json=as_json)


def _check_words(
    template: str | None,
    given: Sequence[str],
    *,
    closing: bool,
    dry_run: bool,
    reseller: int | None,
) -> None:
    if closing and (template or given):
        raise click.UsageError("a closing has neither a template nor -p")
    if not closing and not template:
        raise click.UsageError("say which TEMPLATE, or --closing")
    if not closing and (dry_run or reseller):
        raise click.UsageError("--dry-run and --reseller are of a --closing")


def _closing(dry_run: bool, reseller: int | None) -> dict[str, object]:
    asked = {"dry_run": dry_run or None, "reseller": reseller}
    return {name: value for name, value in asked.items() if value is not None}


def _typed(book: Tollbook, template: str | None, given: Sequence[str]) -> dict[str, object]:
    return typed_parameters(book.reports.templates(), template or "", given)


def _tell(found: Sequence[Schedule], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(schedule) for schedule in found])
        return
    print_table(_HEADERS, [_row(schedule) for schedule in found])


def _row(schedule: Schedule) -> tuple[object, ...]:
    told = f"webhook:{schedule.webhook_id}" if schedule.target == "webhook" else schedule.format
    last = schedule.last_run
    return (
        schedule.id,
        schedule.name,
        schedule.template_code or schedule.kind,
        schedule.cron,
        schedule.time_zone,
        told,
        f"{schedule.next_run_at:%Y-%m-%d %H:%M}" if schedule.next_run_at else "never",
        f"{last.fire_at:%Y-%m-%d %H:%M} {last.state}" if last else "",
    )


def _tell_runs(found: Sequence[ScheduleRun], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (
            one.id,
            f"{one.fire_at:%Y-%m-%d %H:%M}",
            one.state,
            one.task_uuid,
            one.exported_key,
            one.error,
        )
        for one in found
    ]
    print_table(_RUN_HEADERS, rows)
