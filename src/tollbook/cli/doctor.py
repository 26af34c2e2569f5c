"""``tollbook doctor``: says what is healthy, and how to mend what is not."""

import logging
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from tollbook import __version__
from tollbook.cli.book import home_folder, opened_book
from tollbook.cli.connection import json_option
from tollbook.cli.findings import EXPECTED, Finding, Health, find
from tollbook.cli.output import FAILED, explained, print_json, print_table
from tollbook.config.locks import read_holder, release_lock, take_lock
from tollbook.storage.folders import make_private

_OLDEST_PYTHON: Final = (3, 11)


@click.command("doctor", short_help="Say what is healthy and how to mend what is not")
@json_option
def command(as_json: bool) -> None:
    """Say what is configured, reachable and healthy, and how to mend what is not.

    Ends with status 1 where something is broken.
    """
    logging.disable()  # the table says it all
    findings = list(_findings())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [(each.health, each.what, each.detail, each.mend) for each in findings]
        print_table(("", "what", "found", "to mend it"), rows)
    if any(finding.health is Health.BROKEN for finding in findings):
        raise click.exceptions.Exit(FAILED)


def _findings() -> Iterator[Finding]:
    yield _python()
    home = home_folder()
    yield find("home", lambda: _home(home), mend="make it writable, or set TOLLBOOK_HOME")
    yield find("parts", lambda: _parts(home), mend="make the home writable")
    try:
        with opened_book():
            from tollbook.cli.checks import check_book  # noqa: PLC0415  Django must be ready

            yield from check_book()
    except EXPECTED as error:
        detail = " ".join(explained(error).split())
        yield Finding("book", Health.BROKEN, detail, "correct the address that it names")


def _python() -> Finding:
    detail = f"Tollbook {__version__}, Python {platform.python_version()}, {platform.machine()}"
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("python", Health.BROKEN, detail, "Python 3.11 or later is needed")
    return Finding("python", Health.OK, detail)


def _home(home: Path) -> Finding:
    make_private(home)
    probe = home / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()
    return Finding("home", Health.OK, str(home))


def _parts(home: Path) -> Finding:
    """Whether ``tollbook up`` runs here; it need not, on machines of one's own."""
    lock = take_lock(home / "lock")
    if lock is None:
        return Finding("parts", Health.OK, f"`tollbook up` is {read_holder(home / 'lock')}")
    release_lock(lock)
    return Finding("parts", Health.OK, "`tollbook up` does not run on this home")
