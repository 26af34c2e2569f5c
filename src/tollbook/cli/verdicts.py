"""What holding a file against the books comes to: equal, or what differs."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from tollbook.reports.proof.counting import Counted, Totals
from tollbook.reports.proof.differing import CellDifference
from tollbook.reports.proof.pieces import Pieces, ReportFile
from tollbook_client import FileTask, Proof

_UNKNOWN: Final = -1
"""Rows that nobody told: only a digest was given."""


@dataclass(frozen=True)
class ReadFile:
    """A file that was read to its end: as what, how to read it once more, and what it holds."""

    form: str
    pieces: Pieces
    held: Counted


@dataclass(frozen=True)
class Verdict:
    """``differences`` say what differs; none is equal.

    ``form`` is csv, raw csv, json, xlsx or parquet; ``totals`` are those of the file.
    """

    file: str
    form: str | None
    task: str | None
    uuid: str | None
    rows: int | None
    digest: str | None
    expected_rows: int | None
    expected_digest: str
    totals: dict[str, dict[str, str]] | None
    differences: tuple[str, ...]
    cell: CellDifference | None = None
    notes: tuple[str, ...] = field(default=())
    equal_rows: bool = False

    @property
    def equal(self) -> bool:
        """Whether the file is what the books said."""
        return not self.differences

    @classmethod
    def unreadable(cls, path: Path, task: FileTask | None, proof: Proof, why: str) -> "Verdict":
        """The verdict on a file that cannot be read to its end."""
        return cls(
            file=str(path),
            form=None,
            task=None if task is None else task.task_type,
            uuid=None if task is None else str(task.uuid),
            rows=None,
            digest=None,
            expected_rows=_rows_of(proof),
            expected_digest=proof.digest,
            totals=None,
            differences=(f"the file cannot be read as a download: {why}",),
        )

    def noted(self, note: str) -> "Verdict":
        """The same with a note."""
        return replace(self, notes=(*self.notes, note))

    def with_cell(self, cell: CellDifference) -> "Verdict":
        """The same with the first cell that differs."""
        return replace(self, cell=cell, differences=(_told(cell), *self.differences))

    def with_cut_texts(self) -> "Verdict":
        """The same where only texts differ that a workbook cuts: their digest is no difference."""
        kept = tuple(each for each in self.differences if each != self._digests())
        cut = "texts longer than a cell of a workbook holds are cut, all else is equal"
        return replace(self, differences=kept, notes=(cut,))

    def _digests(self) -> str:
        return _digest_difference(self.digest, self.expected_digest)


def judge(
    path: Path, task: FileTask | None, proof: Proof, opened: ReportFile, read: ReadFile
) -> Verdict:
    """Hold what a file has against what the books say."""
    held = read.held
    equal_rows = held.digest == proof.digest
    differences = [*_told_by_file(opened, held, proof, equal_rows=equal_rows)]
    if not equal_rows:
        differences += _of_rows(held, proof)
    differences += _of_totals(held.totals, proof)
    notes: tuple[str, ...] = ()
    if opened.about.cut and not equal_rows:
        notes = ("texts of the workbook were cut: its digest cannot be that of the rows",)
    return Verdict(
        file=str(path),
        form=read.form,
        task=None if task is None else task.task_type,
        uuid=None if task is None else str(task.uuid),
        rows=held.rows,
        digest=held.digest,
        expected_rows=_rows_of(proof),
        expected_digest=proof.digest,
        totals=None if held.totals is None else _plain(held.totals),
        differences=tuple(differences),
        notes=notes,
        equal_rows=equal_rows,
    )


def _of_rows(held: Counted, proof: Proof) -> list[str]:
    told = [_digest_difference(held.digest, proof.digest)]
    if proof.rows not in (_UNKNOWN, held.rows):
        told.insert(0, f"{held.rows:,} rows instead of {proof.rows:,}")
    return told


def _digest_difference(found: str | None, expected: str) -> str:
    return f"digest {found} instead of {expected}"


def _of_totals(totals: Totals | None, proof: Proof) -> list[str]:
    if totals is None:
        return []
    told = []
    for currency in sorted({*totals, *proof.totals}):
        found, expected = totals.get(currency, {}), proof.totals.get(currency, {})
        for header in {**expected, **found}:
            one, other = found.get(header), expected.get(header)
            if one != other:
                label = f"total {header} {currency}".rstrip()
                told.append(f"{label} {_amount(one)} instead of {_amount(other)}")
    return told


def _told_by_file(
    opened: ReportFile, held: Counted, proof: Proof, *, equal_rows: bool
) -> list[str]:
    """What the file says of itself that its rows do not bear out."""
    about = opened.about
    told = []
    if about.digest is not None and about.digest != proof.digest:
        told.append(f"the file says that its digest is {about.digest}, not {proof.digest}")
    if about.rows is not None and about.rows != held.rows:
        told.append(f"the file says that it has {about.rows:,} rows, and has {held.rows:,}")
    if not equal_rows:
        return told
    for currency, amounts in proof.totals.items():
        for header, amount in amounts.items():
            label = f"Total {header} {currency}".rstrip()
            said = about.lines.get(label, "nothing")
            if about.lines and said != _amount(amount):
                told.append(f"the file says {label} {said}, not {_amount(amount)}")
    return told


def _told(cell: CellDifference) -> str:
    if cell.found is None:
        return f"row {cell.row:,} is missing: {_cut(cell.expected)}"
    if cell.expected is None:
        return f"row {cell.row:,} is too much: {_cut(cell.found)}"
    place = "the header line" if cell.row == 0 else f"row {cell.row:,}"
    if cell.column is not None:
        place += f", {cell.column}"
    return f"{place}: {_cut(cell.found)} instead of {_cut(cell.expected)}"


def _cut(text: str | None, longest: int = 200) -> str:
    shown = (text or "")[:longest]
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown) or "no text"


def _rows_of(proof: Proof) -> int | None:
    return None if proof.rows == _UNKNOWN else proof.rows


def _plain(totals: Totals) -> dict[str, dict[str, str]]:
    return {
        currency: {header: _amount(amount) for header, amount in amounts.items()}
        for currency, amounts in totals.items()
    }


def _amount(amount: Decimal | None) -> str:
    return "nothing" if amount is None else format(amount, "f")
