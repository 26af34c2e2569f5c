"""``tollbook report``: ask for a report, follow it, fetch it; on any server, with a key."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.following import cancelled_by_interrupt, show_task
from tollbook.cli.output import (
    CommandFailed,
    OnProgress,
    delete_each,
    human_bytes,
    print_json,
    print_table,
    shown_progress,
    talk,
    told_at_the_end,
)
from tollbook.cli.report_parameters import typed_parameters
from tollbook.cli.report_rows import rows
from tollbook_client import Download, FileTask, TaskStatus, Template, Tollbook

_STATUSES: Final = tuple(status.value for status in TaskStatus)
FORMATS: Final = ("csv", "json", "xlsx", "parquet")


@click.group("report", short_help="Ask for reports and fetch them")
def command() -> None:
    """Ask any server for reports, by TOLLBOOK_URL and TOLLBOOK_KEY; follow and fetch them."""


@command.command("new")
@click.argument("template")
@click.option(
    "-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE", help="May be repeated."
)
@click.option(
    "--format",
    "chosen",
    type=click.Choice(FORMATS),
    help="What to download; else what -o ends with, else csv.",
)
@click.option("-o", "--output", help="A file, a folder, or - for standard output.")
@json_option
@server_options
def new(
    template: str,
    given: Sequence[str],
    chosen: str | None,
    output: str | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Submit a report, follow it to its end and download it.

    TEMPLATE is a code that `tollbook report templates` lists. Example:

    tollbook report new ResellerExpenses -p date_from=2026-10-01 -p date_to=2026-11-01 -o oct.xlsx
    """
    target = _checked_target(output)
    with connect(url, key) as book:
        parameters = typed_parameters(book.reports.templates(), template, given)
        task = book.reports.create(template, parameters)
        with shown_progress(talk()) as show:
            done = _followed(book, task, show)
            saved = _fetched(book, done, _format(chosen, output), target, show)
    _print_saved(done, saved, as_json=as_json, to_stdout=output == "-")


@command.command("download")
@click.argument("uuid", type=click.UUID)
@click.option("--format", "chosen", type=click.Choice(FORMATS))
@click.option("-o", "--output", help="A file, a folder, or - for standard output.")
@json_option
@server_options
def download(
    uuid: UUID,
    chosen: str | None,
    output: str | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Download a report that exists, following it to its end first where need be."""
    target = _checked_target(output)
    with connect(url, key) as book, shown_progress(talk()) as show:
        done = book.reports.wait(uuid, on_progress=lambda task: show_making(task, show))
        saved = _fetched(book, done, _format(chosen, output), target, show)
    _print_saved(done, saved, as_json=as_json, to_stdout=output == "-")


@command.command("list")
@click.option("--status", multiple=True, type=click.Choice(_STATUSES), help="May be repeated.")
@click.option("--template", help="Part of a template's code.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
@server_options
def list_reports(
    status: Sequence[str],
    template: str | None,
    limit: int,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """List reports, the newest first."""
    with connect(url, key) as book:
        wanted = [TaskStatus(one) for one in status]
        found = list(islice(book.reports.list(status=wanted, template=template), limit))
    if as_json:
        print_json([_task_json(task) for task in found])
        return
    rows = [
        (
            task.uuid,
            task.template,
            task.status,
            task.processing_notes.rows,
            f"{task.created_at:%Y-%m-%d %H:%M:%S}",
        )
        for task in found
    ]
    print_table(("uuid", "template", "status", "rows", "created (UTC)"), rows)


@command.command("show")
@click.argument("uuid", type=click.UUID)
@json_option
@server_options
def show_report(uuid: UUID, as_json: bool, url: str | None, key: str | None) -> None:
    """Show one report with its parameters and what the server says of its work."""
    with connect(url, key) as book:
        task = book.reports.get(uuid)
    if as_json:
        print_json(_task_json(task))
        return
    notes = task.processing_notes.everything
    print_table(
        ("field", "value"),
        [
            *[(name, value) for name, value in asdict(task).items() if not isinstance(value, dict)],
            *[(f"parameters.{name}", value) for name, value in task.parameters.items()],
            *[(f"notes.{name}", value) for name, value in notes.items()],
        ],
    )


@command.command("cancel")
@click.argument("uuids", metavar="UUID…", nargs=-1, required=True, type=click.UUID)
@json_option
@server_options
def cancel(uuids: Sequence[UUID], as_json: bool, url: str | None, key: str | None) -> None:
    """Stop reports that are not finished; they stay in the list."""
    with connect(url, key) as book, told_at_the_end(as_json=as_json) as done:
        for uuid in uuids:
            task = book.reports.cancel(uuid)
            done.append(_task_json(task))
            if not as_json:
                click.echo(f"{task.uuid} is {task.status}", err=True)


@command.command("delete")
@click.argument("uuids", metavar="UUID…", nargs=-1, required=True, type=click.UUID)
@json_option
@server_options
def delete(uuids: Sequence[UUID], as_json: bool, url: str | None, key: str | None) -> None:
    """Remove reports with their results; one that is not finished is stopped."""
    with connect(url, key) as book:
        delete_each(uuids, book.reports.delete, field="uuid", as_json=as_json)


@command.command("templates")
@json_option
@server_options
def templates(as_json: bool, url: str | None, key: str | None) -> None:
    """List the reports that the server makes, with the parameters that each takes."""
    with connect(url, key) as book:
        found = list(book.reports.templates())
    if as_json:
        print_json([asdict(template) for template in found])
        return
    print_table(("template", "parameter", "type", "what it does"), _template_rows(found))


command.add_command(rows)


def show_making(task: FileTask, show: OnProgress) -> None:
    """Show where a report stands."""
    name = task.template or "report"
    show_task(task, show, name=name, working=f"{name} is made")


def _followed(book: Tollbook, task: FileTask, show: OnProgress) -> FileTask:
    """The finished report; Ctrl-C cancels it on the server too."""
    with cancelled_by_interrupt(book.reports, task, told="cancelled"):
        return book.reports.wait(task.uuid, on_progress=lambda seen: show_making(seen, show))


def _fetched(
    book: Tollbook, task: FileTask, chosen: str, target: Path | None, show: OnProgress
) -> Download:
    def on_bytes(received: int, total: int | None) -> None:
        show(f"{chosen} comes down", received, total)

    to = sys.stdout.buffer if target is None else target
    with _named_target(target):
        return book.reports.download(task.uuid, chosen, to=to, on_progress=on_bytes)


def _print_saved(task: FileTask, saved: Download, *, as_json: bool, to_stdout: bool) -> None:
    """What came, told on standard output unless the file itself went there."""
    notes = task.processing_notes
    if as_json and not to_stdout:
        found = {"file": saved.path, "rows": notes.rows, "bytes": saved.bytes}
        digests = {"digest": notes.digest, "sha256": saved.sha256}
        print_json({**found, **digests, "report": _task_json(task)})
        return
    lines = (
        ("file", saved.path or "standard output"),
        ("rows", "unknown" if notes.rows is None else f"{notes.rows:,}"),
        ("bytes", f"{saved.bytes:,} ({human_bytes(saved.bytes)})"),
        ("digest", notes.digest or "none"),
        ("sha256", saved.sha256),
    )
    for name, value in lines:
        click.echo(f"{name:<7} {value}", err=to_stdout)


def _checked_target(output: str | None) -> Path | None:
    """Where the file will go, none for standard output; refused before any work is asked for."""
    if output == "-":
        return None
    target = Path(output) if output else Path.cwd()
    with _named_target(target):
        _check_writable(target)
    return target


@contextmanager
def _named_target(target: Path | None) -> Iterator[None]:
    """Say which file is in trouble; a reader that left standard output is none."""
    try:
        yield
    except OSError as error:
        if target is None:
            raise
        raise CommandFailed(f"{target} cannot be written: {error.strerror}") from error


def _check_writable(target: Path) -> None:
    if target.exists() and not target.is_dir() and not target.is_file():
        return
    folder = target if target.is_dir() else target.parent
    probe = folder / f".{target.name}.try"
    probe.open("xb").close()
    probe.unlink()


def _format(chosen: str | None, output: str | None) -> str:
    ending = Path(output or "").suffix.removeprefix(".").lower()
    return chosen or (ending if ending in FORMATS else FORMATS[0])


def _template_rows(found: Sequence[Template]) -> list[tuple[str, str, str, str]]:
    rows = []
    for template in found:
        rows.append((template.code, "", "", template.name_en))
        for one in template.parameters:
            kind = one.format or one.type
            choices = f" ({', '.join(one.choices)})" if one.choices else ""
            needed = "required. " if one.required else ""
            rows.append(("", one.name, kind, f"{needed}{one.description}{choices}"))
    return rows


def _task_json(task: FileTask) -> Mapping[str, Any]:
    return {**asdict(task), "processing_notes": task.processing_notes.everything}
