"""What a command says: results on standard output, all talk and errors on standard error."""

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from tollbook.kernel.errors import InvalidFields
from tollbook_client import (
    Forbidden,
    InvalidRequest,
    RateLimited,
    ServerUnavailable,
    TollbookError,
    Unauthorized,
)

FAILED: Final = 1
INTERRUPTED: Final = 130

OnProgress = Callable[[str, int, int | None], None]
"""Called with what is going on, how much of it is done and, where it is known, of how much."""

_PLAIN_SECONDS: Final = 2.0


class CommandFailed(click.ClickException):
    """A command that did not work, with a sentence on what and how to mend it."""

    exit_code = FAILED


def talk() -> Console:
    """Where a command talks to people."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(found: object) -> None:
    """One JSON value on standard output, for a program to read."""
    click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=_plain))


@contextmanager
def told_at_the_end(*, as_json: bool) -> Iterator[list[object]]:
    """A list that is printed as JSON, if that is asked for, also when the block breaks off."""
    done: list[object] = []
    try:
        yield done
    finally:
        if as_json and done:
            print_json(done)


def delete_each(
    ids: Iterable[object],
    delete: Callable[[Any], None],
    *,
    kind: str = "",
    field: str = "id",
    as_json: bool,
) -> None:
    """Delete one after the other and tell of each, also where the next one cannot be."""
    with told_at_the_end(as_json=as_json) as done:
        for one in ids:
            delete(one)
            done.append({field: one, "deleted": True})
            if not as_json:
                click.echo(f"{kind} {one} is deleted".strip(), err=True)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output: drawn on a terminal, plain columns elsewhere.

    A row has one line, whatever stands in it.
    """
    cells = [["" if cell is None else _on_one_line(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        table = Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False)
        for row in cells:
            table.add_row(*map(Text, row))
        Console(highlight=False).print(table)
        return
    widths = [max(len(row[at]) for row in [list(headers), *cells]) for at in range(len(headers))]
    for row in [list(headers), *cells]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _on_one_line(text: str) -> str:
    return " ".join(text.splitlines())


@contextmanager
def shown_progress(console: Console) -> Iterator[OnProgress]:
    """Show progress for the block: a bar on a terminal, now and then a line elsewhere."""
    if not console.is_terminal:
        yield _PlainProgress(console)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]}", markup=False),
        console=console,
        transient=True,
    ) as progress:
        bar = progress.add_task("", total=None, count="")

        def show(label: str, done: int, total: int | None) -> None:
            count = f"{done:,} of {total:,}" if total else ""
            progress.update(bar, description=label, completed=done, total=total, count=count)

        yield show


def human_bytes(count: int) -> str:
    """``1.4 MB``: powers of ten, as file managers show them."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def tell_error(error: Exception, *, verbose: bool) -> int:
    """One line on what went wrong and how to mend it, after the trace if asked; the exit status."""
    if verbose:
        traceback.print_exception(error)
    line = " ".join(explained(error).split())
    click.echo(f"tollbook: {line}", err=True)
    return error.exit_code if isinstance(error, click.ClickException) else FAILED


def explained(error: Exception) -> str:
    """The sentence that an error is worth."""
    match error:
        case click.UsageError() if error.ctx is not None:
            said = error.format_message().rstrip(".")
            text = f"{said} (see {error.ctx.command_path} --help)"
        case click.ClickException():
            text = error.format_message()
        case TollbookError():
            text = _explain_answer(error)
        case InvalidFields():
            text = "; ".join(f"{name}: {' '.join(found)}" for name, found in error.errors.items())
        case OSError() if error.filename is not None:
            text = f"{error.filename}: {error.strerror}"
        case _:
            text = str(error) or type(error).__name__
    return text


def _explain_answer(error: TollbookError) -> str:
    text = error.message
    match error:
        case Unauthorized():
            text = (
                "the server does not take the key: it is unknown, expired or revoked; `tollbook "
                "keys new --email you@example.com` makes another, put it into TOLLBOOK_KEY"
            )
        case Forbidden():
            text = f"the key may not do this: {text}"
        case ServerUnavailable(received=False, status=None):
            text = f"{text}; start it with `tollbook up`, or set TOLLBOOK_URL to where it is"
        case RateLimited():
            text = f"too many requests: try again in {error.retry_after:.0f} s"
        case InvalidRequest():
            text = f"the server refuses this: {text}"
    return text


def _plain(found: object) -> str:
    return found.isoformat() if isinstance(found, date) else str(found)


class _PlainProgress:
    """A line when something new is going on, and every other second one on how far it is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._label = ""
        self._line = ""
        self._told = 0.0

    def __call__(self, label: str, done: int, total: int | None) -> None:
        line = f"{label}: {done:,} of {total:,}" if total else label
        now = time.monotonic()
        if label == self._label and (line == self._line or now - self._told < _PLAIN_SECONDS):
            return
        self._label, self._line, self._told = label, line, now
        self._console.print(Text(line))
