"""``tollbook demo``: everything at once with the demo book, and the main job run on it."""

import os
import time
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from tollbook.cli.demo_story import (
    story_console,
    tell_book,
    tell_how_to_go_on,
    tell_main_job,
    tell_running,
    tell_start,
)
from tollbook.cli.main_job import run_main_job
from tollbook.cli.output import shown_progress
from tollbook.cli.up import port_option, run_everything, with_parent_option

_KEY_FILE: Final = "demo-key"


@click.command("demo", short_help="Load the demo book and run the main job")
@click.option(
    "--scale", type=click.IntRange(1, 500),
    help="How many times the book; a new one is 1, ten million expenses are 54.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="End after the main job instead of staying up.")
@port_option
@with_parent_option
def command(scale: int | None, once: bool, port: int | None, with_parent: bool) -> None:
    """Run everything with the demo book, do the main job over HTTP, stay up until Ctrl-C."""
    console, begin = story_console(), time.perf_counter()
    home = Path(os.environ.get("TOLLBOOK_HOME") or "var").absolute()
    tell_start(console, home)
    try:
        run_everything(
            port=port,
            once=once,
            with_parent=with_parent,
            on_book=partial(_load_book, console, scale),
            on_ready=partial(_do_main_job, console, home, begin, once),
        )
    finally:
        console.show_cursor(show=True)


def _load_book(console: Console, scale: int | None) -> None:
    from django.db import connection  # noqa: PLC0415  Django must be ready

    from tollbook.demo.services import load_demo_book  # noqa: PLC0415  the same

    begin = time.perf_counter()
    with shown_progress(console) as show:

        def on_progress(stage: str, done: int, total: int) -> None:
            show(f"demo book: {stage}", done, total)

        book = load_demo_book(scale=scale, progress=on_progress)
    connection.close()
    tell_book(console, book, time.perf_counter() - begin)


def _do_main_job(console: Console, home: Path, begin: float, once: bool, base_url: str) -> None:
    tell_running(console, base_url, time.perf_counter() - begin)
    key = _demo_key(home)
    summary = run_main_job(base_url=base_url, key=key, folder=home / "downloads", console=console)
    tell_main_job(console, summary)
    tell_how_to_go_on(console, base_url=base_url, key=key, once=once)


def _demo_key(home: Path) -> str:
    """A key of the reseller that sells in two currencies; kept for the next start."""
    from django.db import connection  # noqa: PLC0415  Django must be ready

    from tollbook.cli import key_book  # noqa: PLC0415  the same
    from tollbook.demo.accounts import RESELLER_NAMES, admin_email  # noqa: PLC0415  the same

    kept = home / _KEY_FILE
    key = kept.read_text().strip() if kept.exists() else ""
    if not key_book.is_live(key):
        email = admin_email(len(RESELLER_NAMES))
        _, key = key_book.new_key(email, role=None, reseller_id=None, client_id=None, label="demo")
        kept.unlink(missing_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(f"{key}\n")
    connection.close()
    return key
