"""What the rows of a downloaded file amount to: digest, number, control totals."""

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv as pacsv

from tollbook.reports.proof.csv_file import unguarded
from tollbook.reports.proof.lines import first_fields, line_count
from tollbook.reports.proof.pieces import NotAsWritten
from tollbook.results.columns import Column
from tollbook.results.control_totals import ControlTotals

Totals = Mapping[str, Mapping[str, Decimal]]
"""By currency (empty where there is none) and then by the header of the column."""


@dataclass(frozen=True)
class TotalColumns:
    """The headers of the columns to add up, and of the one with the currency; ``places`` each."""

    amounts: Mapping[str, int]
    currency: str | None


@dataclass(frozen=True)
class Counted:
    """``headers`` without guards; ``digest`` over the lines with them."""

    headers: tuple[str, ...]
    rows: int
    digest: str
    totals: Totals | None


def counted(pieces: Iterable[bytes], wanted: TotalColumns | None) -> Counted:
    """Count the rows of a file, of which only a piece is held at a time."""
    digest = hashlib.sha256()
    headers: tuple[str, ...] | None = None
    totals: _Totals | None = None
    count = 0
    for lines in pieces:
        digest.update(lines)
        count += line_count(lines)
        skipped = int(headers is None)
        if headers is None:
            headers = first_fields(unguarded(lines))
            totals = None if wanted is None else _Totals(headers, wanted)
        if totals is not None:
            totals.add(unguarded(lines), skipped=skipped)
    if headers is None:
        raise NotAsWritten("the file has no header line")
    sums = None if totals is None else totals.sums()
    return Counted(headers, count - 1, digest.hexdigest(), sums)


class _Totals:
    """Adds up the columns that ``wanted`` names, where the file has them."""

    def __init__(self, headers: Sequence[str], wanted: TotalColumns) -> None:
        known = {header: at for at, header in enumerate(headers)}
        self._amounts = {
            header: Column(header, header, pa.decimal128(38, places))
            for header, places in wanted.amounts.items()
            if header in known
        }
        currency = wanted.currency if wanted.currency in known else None
        text = [Column(currency, currency, pa.string())] if currency is not None else []
        self._columns = [*text, *self._amounts.values()]
        self._places = {f"f{known[column.key]}": column for column in self._columns}
        self._sums = ControlTotals(self._columns, list(self._amounts), currency)

    def add(self, lines: bytes, *, skipped: int) -> None:
        """Take in whole lines but for the first ``skipped``."""
        if not self._amounts or line_count(lines) <= skipped:
            return
        try:
            table = pacsv.read_csv(
                io.BytesIO(lines),
                read_options=pacsv.ReadOptions(
                    autogenerate_column_names=True,
                    skip_rows_after_names=skipped,
                    block_size=len(lines) + 1,
                    use_threads=False,
                ),
                parse_options=pacsv.ParseOptions(newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    include_columns=list(self._places),
                    column_types={at: column.type for at, column in self._places.items()},
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except (pa.ArrowException, OSError) as error:
            raise NotAsWritten(f"amounts cannot be read: {error}") from error
        self._sums.add(table.rename_columns([column.key for column in self._columns]))

    def sums(self) -> Totals:
        """The sums so far."""
        found: dict[str, dict[str, Decimal]] = {}
        for total in self._sums.totals():
            found.setdefault(total.currency, {})[total.header] = total.amount
        return found
