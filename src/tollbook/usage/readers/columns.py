"""The columns that a file names: all that are needed, none twice, none that is not known."""

from collections.abc import Sequence

from tollbook.kernel.errors import InvalidInput
from tollbook.usage.records import COLUMNS, REQUIRED


def check_columns(names: Sequence[str]) -> None:
    """Refuse a file whose columns are not those of usage records."""
    known = f"a usage file has the columns {', '.join(COLUMNS)}"
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(f"the column {_shown(twice[0])} is there more than once", field="file")
    if unknown := [name for name in names if name not in COLUMNS]:
        raise InvalidInput(f"the column {_shown(unknown[0])} is unknown: {known}", field="file")
    if missing := [name for name in REQUIRED if name not in names]:
        raise InvalidInput(f"the column {missing[0]} is missing: {known}", field="file")


def _shown(name: str) -> str:
    return ascii(name[:60])
