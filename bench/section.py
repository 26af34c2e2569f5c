"""One table of figures with its notes, as the terminal and the page show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Section:
    """A heading, a table whose first column is text and whose others are figures, and notes."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def print_section(console: Console, section: Section) -> None:
    """Show it on a terminal, or as plain text elsewhere."""
    table = Table(title=section.title, title_justify="left", title_style="bold")
    for number, header in enumerate(section.headers):
        table.add_column(header, justify="right" if number else "left", no_wrap=number > 0)
    for row in section.rows:
        table.add_row(*row, style="bold" if row[0].startswith("Tollbook") else "")
    console.print(table, markup=False)
    for note in section.notes:
        console.print(f"- {note}", markup=False)
    console.print()


def markdown(section: Section) -> str:
    """The same in Markdown."""
    lines = [f"## {section.title}", ""]
    lines.append(_line(section.headers))
    lines.append("|".join(["", " --- ", *(" ---: " for _ in section.headers[1:]), ""]))
    lines.extend(_line(row) for row in section.rows)
    if section.notes:
        lines += ["", *(f"- {note}" for note in section.notes)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
