"""``python -m bench``: measure, print, and write ``docs/benchmarks.md``."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.book import load_book, running_ledger, temporary_home
from bench.larger import measure_apart, write_sections
from bench.page import write_page
from bench.section import Section, print_section

_PARTS: Final = (
    "files",
    "lists",
    "imports",
    "pickup",
    "closings",
    "rows",
    "renderers",
    "rating",
    "http",
    "reports",
)
_PAGE: Final = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_ROWS: Final = (100_000, 1_000_000)
_PATIENCE: Final = 60
_FULL_ROWS: Final = 10_000_000
_RATED_RECORDS: Final = 10_000_000
_QUICK_ROWS: Final = (20_000,)
_CLIENTS: Final = (1_000, 10_000)
_QUICK_CLIENTS: Final = (100,)

_began: Final = time.monotonic()


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; the page is written by a whole run, or where one is named."""
    asked = _parser().parse_args(arguments)
    parts = asked.only or _PARTS
    rows = asked.rows or (_QUICK_ROWS if asked.quick else _ROWS)
    sections = _measure(parts, sorted(rows), asked.patience, repeats=1 if asked.quick else 3)
    if asked.full:
        sections += measure_apart(_FULL_ROWS, tell=_tell)
    if asked.sections:
        write_sections(asked.sections, sections)
    whole = not (asked.only or asked.quick or asked.rows)
    if page := asked.page or (_PAGE if whole else None):
        write_page(page, sections, command=_command(asked))
        _tell(f"written: {page.name}")
    return 0


def _measure(  # noqa: C901  one branch for each part
    parts: Sequence[str], rows: Sequence[int], patience: float, *, repeats: int
) -> list[Section]:
    sections: list[Section] = []
    with temporary_home() as home:
        with running_ledger(home):
            book = load_book(home, rows, _tell)
            if "files" in parts:
                from bench.comparison import compare

                sections += compare(book, patience=patience, repeats=repeats, tell=_tell)
            if "lists" in parts:
                from bench.lists import measure_lists

                sections += measure_lists(repeats=repeats, tell=_tell)
            sections += _measure_work(parts, home, quick=repeats == 1)
            if "imports" in parts:  # they leave work for a worker that others measure
                from bench.imports import measure_imports

                sections += measure_imports(home, max(rows), repeats=repeats, tell=_tell)
        if "renderers" in parts:
            from bench import renderers

            for number in rows:
                _tell(f"renderers alone, {number:,} rows")
                sections.append(renderers.section(number, repeats=repeats))
        if "rating" in parts:
            from bench import rating

            _tell("rating")
            counts = rows if max(rows) < max(_ROWS) else (max(_ROWS), _RATED_RECORDS)
            sections.append(rating.section(counts, repeats=repeats))
        if "http" in parts:
            from bench.served import serve

            sections += serve(home, book.spans[-1], repeats=repeats, tell=_tell)
        if "reports" in parts:
            from bench.reports import measure_reports

            for span in book.months:
                sections += measure_reports(home, span, repeats=repeats, tell=_tell)
    console = Console(width=None if sys.stdout.isatty() else 120)
    for section in sections:
        print_section(console, section)
    return sections


def _measure_work(parts: Sequence[str], home: Path, *, quick: bool) -> list[Section]:
    sections: list[Section] = []
    if "pickup" in parts:
        from bench.pickup import measure_pickup

        sections += measure_pickup(home, tell=_tell)
    if "closings" in parts:
        from bench.closings import measure_closings

        sections += measure_closings(_QUICK_CLIENTS if quick else _CLIENTS, tell=_tell)
    if "rows" in parts:
        from bench.rows import measure_rows

        sections += measure_rows(home, quick=quick, tell=_tell)
    return sections


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", help=f"how many rows; {_ROWS} by default")
    parser.add_argument("--only", choices=_PARTS, nargs="+", help="only these parts")
    parser.add_argument("--quick", action="store_true", help="few rows, every run once")
    parser.add_argument(
        "--patience",
        type=float,
        default=_PATIENCE,
        metavar="SECONDS",
        help=f"leave out of larger runs whoever would take longer ({_PATIENCE})",
    )
    parser.add_argument(
        "--full", action="store_true", help=f"lists over {_FULL_ROWS:,} expenses too (some minutes)"
    )
    parser.add_argument("--sections", type=Path, help="write the tables there as JSON")
    parser.add_argument("--page", type=Path, help="write the figures there")
    return parser


def _command(asked: argparse.Namespace) -> str:
    """What was typed, without where the page goes."""
    words: list[str] = []
    if asked.rows:
        words += ["--rows", *map(str, asked.rows)]
    if asked.only:
        words += ["--only", *asked.only]
    if asked.quick:
        words.append("--quick")
    if asked.full:
        words.append("--full")
    if asked.patience != _PATIENCE:
        words += ["--patience", f"{asked.patience:g}"]
    return " ".join(["python -m bench", *words]) if words else "make bench"


def _tell(what: str) -> None:
    print(f"[{time.monotonic() - _began:4.0f} s] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
