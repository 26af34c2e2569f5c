"""Who is left out of a larger run, and how figures are shown."""

import pytest
from bench.measuring import LeftOut, Measured, foretold_reason
from bench.section import Section, markdown
from bench.span import PATHS

from bench import figures
from tollbook.reports.templates.reseller_expenses import EXPENSE, RESELLER_EXPENSES

SMALLER = Measured(seconds=7, memory=500_000_000, bytes=1, runs=1)


def test_who_would_take_too_long_is_left_out_and_the_reason_says_how_long() -> None:
    found = foretold_reason(SMALLER, times=10, patience=60, spare_memory=1e12)
    assert found == LeftOut("left out: would take about 70 s")


def test_who_would_take_too_much_memory_is_left_out_however_fast() -> None:
    found = foretold_reason(SMALLER, times=10, patience=1e9, spare_memory=4e9)
    assert found == LeftOut("left out: would take about 5 GB of memory")


def test_who_fits_is_run() -> None:
    assert foretold_reason(SMALLER, times=8, patience=60, spare_memory=5e9) is None


def test_every_column_of_the_report_is_known_to_the_peers_and_no_other() -> None:
    assert list(PATHS) == [column.key for column in RESELLER_EXPENSES.layouts[EXPENSE]]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (figures.rate(1_000_000, 0.7), "1,430,000"),
        (figures.rate(100_000, 3.3), "30,000"),
        (figures.times(2.345), "2.3 ×"),
        (figures.times(123.4), "123 ×"),
        (figures.milliseconds(0.0123), "12.3 ms"),
        (figures.megabytes(123_456_789), "123 MB"),
    ],
)
def test_figures_carry_no_more_digits_than_a_run_can_know(shown: str, expected: str) -> None:
    assert shown == expected


def test_a_section_is_a_markdown_table_with_its_notes() -> None:
    section = Section("Title", ("way", "rows/s"), [["a|b", "1"]], notes=("Why.",))
    assert markdown(section) == (
        "## Title\n\n| way | rows/s |\n| --- | ---: |\n| a\\|b | 1 |\n\n- Why.\n"
    )
