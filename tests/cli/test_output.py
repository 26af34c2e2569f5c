"""How commands talk where nobody looks at a terminal."""

import io

import click
import pytest
from rich.console import Console

from tollbook.cli.output import human_bytes, print_json, print_table, shown_progress, tell_error
from tollbook.kernel.errors import InvalidFields, NotFound


def test_progress_is_a_line_for_each_thing_that_goes_on() -> None:
    written = io.StringIO()
    with shown_progress(Console(file=written)) as show:
        for done in range(1000):
            show("rows come", done, 1000)
        show("[red]odd[/] name", 0, None)
    assert written.getvalue() == "rows come: 0 of 1,000\n[red]odd[/] name\n"


def test_a_table_is_plain_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "name"), [(1, "[bold]x[/]"), (22, None)])
    assert capsys.readouterr().out == "id  name\n1   [bold]x[/]\n22\n"


def test_a_row_of_a_table_is_one_line_whatever_its_texts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("id", "name", "state"), [(1, "Two\nlines\r\nand more", "closed")])
    assert capsys.readouterr().out.splitlines()[1:] == ["1   Two lines and more  closed"]


def test_json_keeps_letters_and_exact_amounts(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "Öst"})
    assert capsys.readouterr().out == '{\n  "name": "Öst"\n}\n'


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_594_828, "5.6 MB"), (2 * 10**9, "2.0 GB")],
)
def test_sizes_are_told_in_powers_of_ten(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        (NotFound("there is no key 7"), "there is no key 7", 1),
        (InvalidFields({"a": ["No."], "b": ["Nor this."]}), "a: No.; b: Nor this.", 1),
        (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied", 1),
        (click.UsageError("two\nlines"), "two lines", 2),
    ],
)
def test_an_error_is_one_line_and_a_status(
    capsys: pytest.CaptureFixture[str], error: Exception, line: str, status: int
) -> None:
    assert tell_error(error, verbose=False) == status
    assert capsys.readouterr().err == f"tollbook: {line}\n"
