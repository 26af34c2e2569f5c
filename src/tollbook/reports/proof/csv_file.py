"""A downloaded CSV: its lines as they stand, or guarded where it was downloaded raw."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.csv as pacsv

from tollbook.reports.proof.guarding import (
    GuardedTexts,
    Kinds,
    fitting,
    header_line,
    placed_columns,
    text_of,
)
from tollbook.reports.proof.lines import first_fields
from tollbook.reports.proof.pieces import About, NotAsWritten
from tollbook.results.csv_lines import CsvRows

_PIECE: Final = 1 << 20
_GUARD: Final = re.compile(rb"'[=+\-@\t\r]")
_FIELDS: Final = re.compile(
    rb'(?:^|(?<=[,\n]))(?:(?P<quoted>"(?:[^"]++|"")*+")|\'(?=\'*[=+\-@\t\r]))'
)
"""Quoted fields, in which commas mean nothing, and the guards of fields without quotes."""
_QUOTED_GUARD: Final = re.compile(rb'^"\'(?=\'*[=+\-@\t\r])')


def csv_pieces(file: BinaryIO, about: About) -> Iterator[bytes]:
    """The lines in pieces; ``NotAsWritten`` where the last one does not end."""
    for lines in whole_lines(file):
        about.guarded = about.guarded or unguarded(lines) != lines
        yield lines


def raw_csv_pieces(file: BinaryIO, kinds: Kinds | None) -> Iterator[bytes]:
    """The lines as they would be guarded, where they are written as Tollbook writes raw ones."""
    rows: _RawRows | None = None
    for lines in whole_lines(file):
        rest = lines
        if rows is None:
            headers = first_fields(lines)
            rows = _RawRows(headers, fitting(kinds, headers))
            rest = lines.removeprefix(rows.raw_header)
            if rest is lines:
                raise NotAsWritten("the header line is not as Tollbook writes one")
            yield header_line(headers)
        if rest:
            yield rows.guarded(rest)


def unguarded(lines: bytes) -> bytes:
    """Whole lines without the guards: exactly what was guarded, whatever the texts were."""
    return _FIELDS.sub(_without_guard, lines) if _GUARD.search(lines) else lines


def whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces that end where a line ends."""
    waiting: list[bytes] = []
    inside = False
    while piece := file.read(_PIECE):
        end, inside = _last_end(piece, inside=inside, before=waiting)
        if end:
            yield b"".join([*waiting, piece[:end]])
            waiting = [piece[end:]] if end < len(piece) else []
        else:
            waiting.append(piece)
    if waiting or inside:
        raise NotAsWritten("the file breaks off in the middle of a line")


class _RawRows:
    """Rows of raw CSV, taken apart and put together again with guards."""

    def __init__(self, headers: tuple[str, ...], kinds: Kinds | None) -> None:
        self._columns = placed_columns(headers, [pa.string()] * len(headers))
        self._style = GuardedTexts(kinds)
        self._plain = CsvRows(guarded=False)
        self.raw_header = self._plain.header(self._columns)

    def guarded(self, lines: bytes) -> bytes:
        """The lines with guards."""
        keys = [column.key for column in self._columns]
        try:
            table = pacsv.read_csv(
                io.BytesIO(lines),
                read_options=pacsv.ReadOptions(
                    column_names=keys, block_size=len(lines) + 1, use_threads=False
                ),
                parse_options=pacsv.ParseOptions(newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(keys, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except (pa.ArrowException, OSError) as error:
            raise NotAsWritten(f"a line cannot be read: {error}") from error
        batches = table.to_batches()
        if b"".join(text_of(batch, self._columns, self._plain) for batch in batches) != lines:
            raise NotAsWritten("a line is not as Tollbook writes one")
        return b"".join(text_of(batch, self._columns, self._style) for batch in batches)


def _without_guard(field: re.Match[bytes]) -> bytes:
    quoted = field["quoted"]
    return b"" if quoted is None else _QUOTED_GUARD.sub(b'"', quoted)


def _last_end(piece: bytes, *, inside: bool, before: list[bytes]) -> tuple[int, bool]:
    """Where the last whole line of ``piece`` ends, and whether ``piece`` ends inside of quotes."""
    ends_inside = inside ^ (piece.count(b'"') % 2 == 1)
    end, quoted = len(piece), ends_inside
    while (found := piece.rfind(b"\n", 0, end)) >= 0:
        quoted ^= piece.count(b'"', found, end) % 2 == 1
        last = piece[found - 1 : found] or (before[-1][-1:] if before else b"")
        if not quoted and last == b"\r":
            return found + 1, ends_inside
        end = found
    return 0, ends_inside
