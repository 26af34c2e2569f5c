"""What ``tollbook demo`` shows, on a terminal as narrow as most are when they open."""

from decimal import Decimal
from io import StringIO

from rich.console import Console
from rich.padding import Padding

from tollbook.cli.demo_story import files_table
from tollbook.cli.file_contents import FileContents
from tollbook.cli.main_job import FORMATS, SavedFile
from tollbook_client import Download

CONTENTS = FileContents(15_656, {"EUR": Decimal("229837.48"), "USD": Decimal("213490.19")})
FILES = [
    SavedFile(
        Download(f"ResellerExpenses-2026-10.{ending}", None, 5_601_345, "", None, 0),
        10.25,
        CONTENTS,
    )
    for ending in FORMATS
]


def test_the_table_of_files_fits_80_columns_with_nothing_broken_over_lines() -> None:
    console = Console(file=StringIO(), width=80)

    console.print(Padding(files_table(FILES), (0, 0, 0, 2), expand=False))

    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    rows = [line.split() for line in lines if "ResellerExpenses" in line]
    assert rows == [
        [file.download.name, "15,656", "229,837.48", "213,490.19", "5,601,345", "10.2"]
        for file in FILES
    ]
