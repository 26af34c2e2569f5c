"""``tollbook import``: hand usage files in, follow them, fetch what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.following import cancelled_by_interrupt, show_task
from tollbook.cli.output import (
    CommandFailed,
    OnProgress,
    print_json,
    print_table,
    shown_progress,
    talk,
)
from tollbook_client import FileTask, Tollbook

FORMATS: Final = ("csv", "json", "xlsx", "parquet")
_COUNTS: Final = ("records_read", "imported", "known", "refused")


@dataclass(frozen=True)
class Done:
    """An import at its end, and where its refused rows went."""

    file: Path
    task: FileTask
    saved: Path | None

    @property
    def counts(self) -> dict[str, int]:
        """What became of the records."""
        notes = self.task.processing_notes.everything
        return {name: int(notes.get(name) or 0) for name in _COUNTS}

    def told(self) -> Mapping[str, Any]:
        """As JSON tells it."""
        return {
            "file": str(self.file),
            "import": self.task.uuid,
            **self.counts,
            "warnings": list(self.task.processing_notes.warnings),
            "refused_rows": self.saved,
        }


@click.command("import", short_help="Hand in usage")
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A file or a folder for refused rows; of several files a folder.  [default: here]",
)
@click.option(
    "--format",
    "chosen",
    type=click.Choice(FORMATS),
    help="What refused rows come as; else what -o ends with, else csv.",
)
@json_option
@server_options
def command(
    files: Sequence[Path],
    output: Path | None,
    chosen: str | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Import usage files: CSV, JSON Lines or Parquet, each also compressed by gzip.

    Good records go in, refused ones are saved, one file for each import that has some; then, or
    where an import failed, the exit status is not 0. A file may be handed in again: records that
    are known already change nothing.
    """
    if output is not None and len(files) > 1 and not output.is_dir():
        raise CommandFailed(f"{output} is no folder, and there are {len(files)} files")
    kind = chosen or _ending(output)
    done: list[Done] = []
    try:
        with connect(url, key) as book, shown_progress(talk()) as show:
            for file in files:
                done.append(_imported(book, file, output or Path.cwd(), kind, show))  # noqa: PERF401  what is done is told where the next fails
    finally:
        _tell(done, as_json=as_json)
    if refused := sum(one.counts["refused"] for one in done):
        raise CommandFailed(f"{refused:,} records were refused")


def _imported(book: Tollbook, file: Path, target: Path, kind: str, show: OnProgress) -> Done:
    def sent(done: int, total: int | None) -> None:
        show(f"{file.name} is being sent", done, total)

    try:
        task = book.imports.create(file, on_progress=sent)
    except ValueError as error:
        raise CommandFailed(str(error)) from error
    with cancelled_by_interrupt(book.imports, task, told="cancelled, nothing of it counts"):
        ended = book.imports.wait(task.uuid, on_progress=lambda seen: _show(file, seen, show))
    saved = None
    if ended.processing_notes.rows:
        place = target / f"{file.name}.refused.{kind}" if target.is_dir() else target
        saved = book.imports.download(ended.uuid, kind, to=place).path
    return Done(file, ended, saved)


def _show(file: Path, task: FileTask, show: OnProgress) -> None:
    show_task(task, show, name=file.name, working=f"{file.name} is being imported")


def _ending(output: Path | None) -> str:
    ending = output.suffix.removeprefix(".").lower() if output else ""
    return ending if ending in FORMATS else FORMATS[0]


def _tell(done: Sequence[Done], *, as_json: bool) -> None:
    if as_json:
        print_json([one.told() for one in done])
        return
    for one in done:
        for warning in one.task.processing_notes.warnings:
            click.echo(f"tollbook: {one.file.name}: {warning.get('message', warning)}", err=True)
    if done:
        rows = [
            (one.file.name, *(f"{count:,}" for count in one.counts.values()), one.saved or "")
            for one in done
        ]
        print_table(("file", "read", "imported", "known", "refused", "refused rows in"), rows)
