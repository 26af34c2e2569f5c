"""``tollbook verify``: whether a downloaded file is what the books said."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import click

from tollbook.cli.connection import connect, json_option, server_options
from tollbook.cli.output import (
    FAILED,
    CommandFailed,
    OnProgress,
    print_json,
    shown_progress,
    talk,
)
from tollbook.cli.verdicts import ReadFile, Verdict, judge
from tollbook.reports.proof.counting import TotalColumns, counted
from tollbook.reports.proof.differing import first_difference
from tollbook.reports.proof.opening import open_report_file
from tollbook.reports.proof.pieces import NotAsWritten, ReportFile
from tollbook.reports.proof.pieces import OnProgress as OnRead
from tollbook_client import Expired, FileTask, Forbidden, NotFound, Proof, ReportFailed, Tollbook
from tollbook_client.tasks import Tasks

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_UUID_IN_NAME: Final = re.compile(r"_([0-9a-f]{8})\.(?:csv|json|xlsx|parquet)(?:\.gz)?$")


@click.command("verify", short_help="Whether a downloaded file is what the books said")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--report", type=click.UUID, help="The report's uuid; else it is found.")
@click.option("--digest", help="Its digest, to check without a server.")
@json_option
@server_options
def command(
    file: Path,
    report: UUID | None,
    digest: str | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Say whether FILE holds what the books said: every row, every digit, the control totals.

    FILE is a download as CSV (also raw), JSON, XLSX or Parquet; CSV and JSON also as .gz. The
    report is found by --report, by the name that the download had, or by its digest.
    """
    if digest is not None and not _HEX.fullmatch(digest.lower()):
        raise click.UsageError("--digest takes the 64 hexadecimal digits of a SHA-256")
    with shown_progress(talk()) as show:
        if digest is not None:
            verdict = _offline(file, digest.lower(), show)
        else:
            with connect(url, key) as book:
                verdict = _verified(book, file, report, show)
    _tell(verdict, as_json=as_json)
    if not verdict.equal:
        raise SystemExit(FAILED)


def _offline(path: Path, digest: str, show: OnProgress) -> Verdict:
    return _judged(path, None, Proof(digest, -1, {}, None, None), None, show)


def _verified(book: Tollbook, path: Path, report: UUID | None, show: OnProgress) -> Verdict:
    found = _named(book, path, report)
    if found is None:
        return _by_digest(book, path, show)
    folder, task = found
    return _judged(path, task, _proof_of(task, folder), folder, show)


def _by_digest(book: Tollbook, path: Path, show: OnProgress) -> Verdict:
    """The result with the same rows, whichever it is; else the one that the file says it is."""
    try:
        opened = open_report_file(path, _progress(path, show))
        told = _digests_of(opened)
    except NotAsWritten as error:
        raise CommandFailed(
            f"{path} cannot be read: {error}; say which it is by --report"
        ) from error
    for digest in told:
        for folder in _folders(book):
            for task in folder.find(digest=digest):
                return _judged(path, task, _proof_of(task, folder), folder, show)
    raise CommandFailed(
        f"{path}: no result that your key may see has these rows (digest {told[0]}), and the "
        "name of the file names none; say which it is by --report"
    )


def _digests_of(opened: ReportFile) -> list[str]:
    """What its digest is, or would be if it was downloaded raw, and what it says itself."""
    found = [counted(opened.pieces(), None).digest]
    if opened.as_raw is not None:
        with suppress(NotAsWritten):
            found.append(counted(opened.as_raw(), None).digest)
    return [*found, *([opened.about.digest] if opened.about.digest else [])]


def _named(book: Tollbook, path: Path, report: UUID | None) -> tuple[Tasks, FileTask] | None:
    """The task that ``--report`` or the name of the file names."""
    if report is not None:
        return _by_uuid(book, report)
    match = _UUID_IN_NAME.search(path.name)
    if match is None:
        return None
    found = [(folder, task) for folder in _folders(book) for task in folder.find(uuid=match[1])]
    return found[0] if len(found) == 1 else None


def _by_uuid(book: Tollbook, uuid: UUID) -> tuple[Tasks, FileTask]:
    for folder in _folders(book):
        try:
            return folder, folder.get(uuid)
        except NotFound:
            continue
    raise CommandFailed(f"there is no result {uuid} that your key may see")


def _folders(book: Tollbook) -> Iterator[Tasks]:
    """Where results are; those that the key may not see are passed over."""
    for folder in (book.reports, book.closings, book.imports, book.stops):
        try:
            next(folder.list(), None)
        except Forbidden:
            continue
        yield folder


def _proof_of(task: FileTask, folder: Tasks) -> Proof:
    if task.proof is None:
        raise CommandFailed(f"{folder.noun} {task.uuid} is {task.status}: it has no result")
    return task.proof


def _judged(
    path: Path, task: FileTask | None, proof: Proof, folder: Tasks | None, show: OnProgress
) -> Verdict:
    try:
        opened = open_report_file(path, _progress(path, show), kinds=proof.kinds)
        read = _read(opened, proof)
    except NotAsWritten as error:
        return Verdict.unreadable(path, task, proof, str(error))
    verdict = judge(path, task, proof, opened, read)
    if verdict.equal_rows or task is None or folder is None:
        return verdict
    return _compared(verdict, opened, read, folder, task, show)


def _read(opened: ReportFile, proof: Proof) -> ReadFile:
    """What the file holds; a CSV may be one that was downloaded raw, whatever its texts look like.

    One that is neither is set beside what was written as it is if any text of it looks guarded.
    """
    wanted = _total_columns(proof)
    held = counted(opened.pieces(), wanted)
    plain = ReadFile(str(opened.form), opened.pieces, held)
    if held.digest == proof.digest or opened.as_raw is None:
        return plain
    try:
        again = counted(opened.as_raw(), wanted)
    except NotAsWritten:
        return plain
    raw = ReadFile(f"raw {opened.form}", opened.as_raw, again)
    if again.digest == proof.digest:
        return raw
    return plain if opened.about.guarded or again.digest == held.digest else raw


def _compared(
    verdict: Verdict,
    opened: ReportFile,
    read: ReadFile,
    folder: Tasks,
    task: FileTask,
    show: OnProgress,
) -> Verdict:
    """The verdict with the first cell that differs, where the result is still there."""
    with TemporaryDirectory(prefix="tollbook-verify-") as scratch:
        kept = Path(scratch) / "result.parquet"
        try:
            folder.download(
                task.uuid,
                "parquet",
                to=kept,
                on_progress=lambda done, total: show("the result comes down", done, total),
            )
        except (Expired, ReportFailed) as error:
            return verdict.noted(f"where it differs cannot be shown: {error.message}")
        whole = open_report_file(kept, _progress(kept, show))
        difference = first_difference(
            read.pieces(),
            whole.pieces(),
            headers=read.held.headers,
            cut_texts=opened.about.cut,
        )
        if difference is not None:
            return verdict.with_cell(difference)
        if counted(whole.pieces(), None).digest != verdict.expected_digest:
            return verdict.noted("the result that the server keeps is not what its books say")
    return verdict.with_cut_texts()


def _total_columns(proof: Proof) -> TotalColumns | None:
    places: dict[str, int] = {}
    for amounts in proof.totals.values():
        for header, amount in amounts.items():
            exponent = amount.as_tuple().exponent
            places[header] = -exponent if isinstance(exponent, int) else 0
    return TotalColumns(places, proof.currency) if places else None


def _progress(path: Path, show: OnProgress) -> OnRead:
    """Shows how much of a file is read."""
    return lambda done, total: show(f"{path.name} is read", done, total)


def _tell(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json(_verdict_json(verdict))
        return
    for line in _lines(verdict):
        click.echo(line)


def _verdict_json(verdict: Verdict) -> Mapping[str, object]:
    return {**asdict(verdict), "equal": verdict.equal}


def _lines(verdict: Verdict) -> Sequence[str]:
    subject = (
        f"{verdict.task} {verdict.uuid}" if verdict.uuid else f"digest {verdict.expected_digest}"
    )
    if verdict.equal:
        rows = "" if verdict.rows is None else f", {verdict.rows:,} rows"
        head = f"equal: {verdict.file} is {subject}{rows}, digest {verdict.expected_digest}"
    else:
        head = f"different: {verdict.file} is not {subject}"
    told = [f"  {each}" for each in verdict.differences]
    return [head, *told, *(f"  note: {each}" for each in verdict.notes)]
