"""Where two tables of CSV differ first: the row, the column, and both values."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final

import polars as pl

from tollbook.reports.proof.lines import line_count
from tollbook.reports.proof.pieces import NotAsWritten
from tollbook.reports.renderers.xlsx.text import CUT_MARK, cut

_FIELD: Final = re.compile(rb'("(?:[^"]++|"")*+"|[^",\r\n]*)(,|\r\n)')


@dataclass(frozen=True)
class CellDifference:
    """``row`` counts from 1, 0 is the header; no ``column`` where the whole row differs.

    A side is none where it has no such row, and null is told from empty text.
    """

    row: int
    column: str | None
    expected: str | None
    found: str | None


def first_difference(
    found: Iterable[bytes],
    expected: Iterable[bytes],
    *,
    headers: Sequence[str],
    cut_texts: bool,
) -> CellDifference | None:
    """The first cell that differs; both sides come in pieces of whole lines.

    ``headers`` name the columns, where there are as many.

    With ``cut_texts`` a text that was cut to what a workbook's cell holds is no difference.
    """
    ours, theirs = iter(found), iter(expected)
    mine, yours, row = b"", b"", 0
    while True:
        mine, yours = mine or next(ours, b""), yours or next(theirs, b"")
        size = min(len(mine), len(yours))
        if not size or mine[:size] != yours[:size]:
            break
        row += line_count(mine[:size])
        mine, yours = mine[size:], yours[size:]
    if not mine and not yours:
        return None
    rows = zip_longest(_records(chain([mine], ours)), _records(chain([yours], theirs)))
    for number, (one, other) in enumerate(rows, row):
        if one != other and (told := _told(number, one, other, headers, cut_texts=cut_texts)):
            return told
    return None


def _told(
    row: int,
    found: Sequence[bytes] | None,
    expected: Sequence[bytes] | None,
    headers: Sequence[str],
    *,
    cut_texts: bool,
) -> CellDifference | None:
    if found is None or expected is None or len(found) != len(expected):
        return CellDifference(row, None, _line(expected), _line(found))
    for at, (one, other) in enumerate(zip(found, expected, strict=True)):
        if one != other and not (cut_texts and _is_cut(one, other)):
            column = headers[at] if row and at < len(headers) else f"column {at + 1}"
            return CellDifference(row, column, _shown(other), _shown(one))
    return None


def _records(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The fields of each line as they are written."""
    for piece in pieces:
        fields: list[bytes] = []
        end = 0
        for field in _FIELD.finditer(piece):
            if field.start() != end:
                break
            end = field.end()
            fields.append(field[1])
            if field[2] != b",":
                yield fields
                fields = []
        if end != len(piece) or fields:
            raise NotAsWritten("a line is not as CSV has it: a quote stands where none may")


def _is_cut(found: bytes, whole: bytes) -> bool:
    text = _text(found)
    if not text.endswith(CUT_MARK):
        return False
    shortened, _ = cut(pl.Series([_text(whole)], dtype=pl.String))
    return bool(shortened[0] == text)


def _shown(field: bytes) -> str:
    return _text(field) if field else "nothing"


def _line(fields: Sequence[bytes] | None) -> str | None:
    return None if fields is None else b",".join(fields).decode(errors="replace")


def _text(field: bytes) -> str:
    inner = field[1:-1].replace(b'""', b'"') if field.startswith(b'"') else field
    return inner.decode(errors="replace")
