"""What ``tollbook demo`` tells on the way: short, and nothing that the work did not show."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tollbook import __version__
from tollbook.cli.main_job import MONTH, TEMPLATE, MainJobSummary, SavedFile
from tollbook.cli.output import human_bytes

if TYPE_CHECKING:  # its tables need Django to be ready
    from tollbook.demo.services import DemoBook

_PLAIN_WIDTH: Final = 110


def story_console() -> Console:
    """Where the story is told; wide where nobody's terminal says how wide."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    return Console(highlight=False, soft_wrap=True, width=width)


def tell_start(console: Console, home: Path) -> None:
    """What begins, and where it is kept."""
    console.print(f"[bold]Tollbook {__version__}[/]  [dim]everything is kept in {_place(home)}[/]")
    console.print()


def tell_book(console: Console, book: "DemoBook", seconds: float) -> None:
    """What the ledger holds."""
    verb = "loaded" if book.loaded else "is there"
    text = (
        f"demo book {verb}: {book.resellers} resellers, {book.clients:,} clients, "
        f"{book.expenses:,} expenses, {book.invoices:,} ERP invoices"
    )
    _done(console, text, seconds)


def tell_running(console: Console, base_url: str, seconds: float) -> None:
    """That all parts run."""
    _done(console, f"PostgreSQL, web, worker and beat run: {base_url}", seconds)


def tell_main_job(console: Console, summary: MainJobSummary) -> None:
    """What was asked for over HTTP, what came, and what it holds."""
    notes, invoice = summary.task.processing_notes, summary.invoice
    console.print()
    console.print("[bold]The main job, over HTTP with an API key[/]")
    _done(console, f"{TEMPLATE} for {MONTH.start:%B %Y}: {notes.rows or 0:,} rows", summary.seconds)
    _done(console, f"{len(summary.files)} files saved and read back: the same rows and totals")
    console.print(Padding(files_table(summary.files), (0, 0, 0, 2), expand=False))
    state = invoice.payment_state.replace("_", " ")
    _done(
        console,
        f"{summary.invoices:,} ERP invoices; {invoice.name}, {invoice.amount_total:,.2f} "
        f"{invoice.currency}, {state}: {summary.pdf.name}, {human_bytes(summary.pdf.bytes)}",
    )
    if summary.pdf.path is not None:
        console.print(f"  [dim]saved in[/] {_place(summary.pdf.path.parent)}")
    console.print(f"  [dim]digest[/]   {notes.digest}")


def tell_how_to_go_on(console: Console, *, base_url: str, key: str, once: bool) -> None:
    """The addresses, the key, and lines to copy; or that this is the end."""
    console.print()
    if once:
        console.print("[dim]That was all, as --once asked; the book is kept.[/]")
        return
    console.print("[bold]Go on from here[/]")
    for name, text in (
        ("API", f"{base_url}/billing/org/v1"),
        ("docs", f"{base_url}/docs"),
        ("key", key),
    ):
        console.print(Text(f"  {name:<6}{text}"))
    console.print()
    month = f"-p date_from={MONTH.start} -p date_to={MONTH.end}"
    invoices = "$TOLLBOOK_URL/billing/org/v1/erp-invoices?limit=3"
    for line in (
        f"export TOLLBOOK_URL={base_url} TOLLBOOK_KEY='{key}'",
        f'curl -H "Authorization: apikey $TOLLBOOK_KEY" "{invoices}"',
        f"{_program()} report new {TEMPLATE} {month} -p group_by=client -o clients.xlsx",
    ):
        console.print(Text(f"  {line}"))
    console.print()
    console.print("[dim]Ctrl-C stops everything; the book is kept.[/]")


def files_table(files: Sequence[SavedFile]) -> Table:
    """What the files hold; the demo book's fits a terminal of 80 columns."""
    currencies = list(files[0].contents.totals)
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 0, 0, 1),
        pad_edge=False,
        header_style="dim",
        border_style="dim",
    )
    table.add_column("file", overflow="fold")
    for header in ("rows", *(f"cost, {currency}" for currency in currencies), "bytes", "s"):
        table.add_column(header, justify="right", no_wrap=True)
    for saved in files:
        table.add_row(
            Text(saved.download.name),
            f"{saved.contents.rows:,}",
            *(f"{saved.contents.totals[currency]:,.2f}" for currency in currencies),
            f"{saved.download.bytes:,}",
            f"{saved.seconds:.1f}",
        )
    return table


def _done(console: Console, text: str, seconds: float | None = None) -> None:
    took = "" if seconds is None else f"  [dim]{seconds:.1f} s[/]"
    console.print(f"[green]✓[/] {escape(text)}{took}")


def _place(folder: Path) -> str:
    """A folder as one would type it here."""
    typed = os.path.relpath(folder)
    return escape(str(folder) if typed.startswith("..") else f"{typed}{os.sep}")


def _program() -> str:
    """How the command is called here."""
    if shutil.which("tollbook"):
        return "tollbook"
    typed = os.path.relpath(Path(sys.executable).with_name("tollbook"))
    return typed if not typed.startswith("..") else f"{sys.executable} -m tollbook"
