"""The page of figures in the documentation."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import machine_lines
from bench.section import Section, markdown

_INTRODUCTION = """\
# Benchmarks

Written by `make bench`, which measures Tollbook and what a Python team would use instead side by
side, in one run on one machine, over the same rows of the same demo book.

Read the ratios, not the digits: the same run differs by a tenth or two from one hour to the next,
more on a machine that others share, and a disk or a processor of another kind moves all of it.
Every figure in a table was measured; who was left out of a run has none, and beside it why.
"""


def write_page(file: Path, sections: Sequence[Section], *, command: str) -> None:
    """Write the page anew."""
    facts = [f"Measured {datetime.now(tz=UTC):%Y-%m-%d} by `{command}`", *machine_lines()]
    parts = [_INTRODUCTION, "\n".join(f"- {fact}" for fact in facts) + "\n"]
    file.write_text("\n".join([*parts, *map(markdown, sections)]), encoding="utf-8")
