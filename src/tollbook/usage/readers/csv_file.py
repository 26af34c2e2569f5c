"""CSV as RFC 4180 has it, in UTF-8: a header line, commas, quotes where they are needed."""

import csv
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from tollbook.kernel.errors import InvalidInput
from tollbook.usage.readers.columns import check_columns
from tollbook.usage.readers.lines import Piece, is_text, pieces_of_lines
from tollbook.usage.readers.raw import RawBatch, Unread
from tollbook.usage.refusals import no_refusals, refusals

_REPEATED: Final = pa.dictionary(pa.int32(), pa.string())
_OF_ITS_OWN: Final = frozenset({"record_id", "amount", "resource_id"})
"""Columns whose values seldom repeat; of the others each value is looked at once."""
_FIELD: Final = r'(?:[^",]*|"(?:[^"]|"")*")'
_WELL_QUOTED: Final = f"^{_FIELD}(?:,{_FIELD})*$"
_CONTROL: Final = r"[\x00-\x08\x0a-\x1f\x7f]"


def read_csv(blocks: Iterable[bytes]) -> Iterator[Unread]:
    """The records of a CSV file that comes in ``blocks``."""
    pieces = pieces_of_lines(blocks)
    first = next(pieces, None)
    if first is None:
        raise InvalidInput("the file is empty: it has not even a header line", field="file")
    header, _, rest = first.text.partition(b"\n")
    names = _names(header)
    check_columns(names)
    lines = _Lines(names)
    if rest:
        yield partial(lines.read, Piece(rest, 2, first.count - 1))
    for piece in pieces:
        yield partial(lines.read, piece)


class _Lines:
    """Reads pieces of a file with one header."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._types = {name: pa.string() if name in _OF_ITS_OWN else _REPEATED for name in names}

    def read(self, piece: Piece) -> RawBatch:
        """The records of ``piece``; the slow way only where the quick one cannot tell lines."""
        if b'"' not in piece.text and is_text(piece.text):
            try:
                return self._parsed(piece.text, _numbers(piece.first, piece.count))
            except _Uncertain:
                pass
        return self._read_carefully(piece)

    def _read_carefully(self, piece: Piece) -> RawBatch:
        """Look at each line first: what remains parses without a doubt."""
        lines = piece.split()
        numbers = _numbers(piece.first, len(lines))
        wrong = {place for place, line in enumerate(lines) if not is_text(line)}
        texts = pl.Series(
            [None if place in wrong else line.decode() for place, line in enumerate(lines)],
            dtype=pl.String,
        )
        looked = pl.DataFrame({"line": numbers, "text": texts}).with_columns(
            reason=pl.when(pl.col("text").is_null())
            .then(pl.lit("is no UTF-8"))
            .when(pl.col("text").str.contains(_CONTROL))
            .then(pl.lit("holds a control character"))
            .when(~pl.col("text").str.contains(_WELL_QUOTED))
            .then(pl.lit("has quotes that are not closed, or stand in the middle of a value"))
        )
        bad = looked.filter(pl.col("reason").is_not_null())
        good = looked.filter(pl.col("reason").is_null() & (pl.col("text") != ""))
        text = "\n".join(good["text"].to_list()).encode()
        parsed = self._parsed(text + b"\n" if len(good) else b"", good["line"])
        refused = refusals(bad["line"], column="", values=bad["text"], reasons=bad["reason"])
        return RawBatch(parsed.lines, parsed.table, pl.concat([refused, parsed.refused]))

    def _parsed(self, text: bytes, lines: pl.Series) -> RawBatch:
        ragged: list[pacsv.InvalidRow] = []
        try:
            table = self._table(text, ragged) if text else self._nothing()
        except pa.ArrowInvalid as error:
            raise _Uncertain from error
        if table.num_rows + len(ragged) != len(lines):
            raise _Uncertain
        refused = no_refusals()
        if ragged:
            places = pl.Series([row.number - 1 for row in ragged], dtype=pl.Int64)
            refused = refusals(
                lines.gather(places),
                column="",
                values=pl.Series([row.text for row in ragged], dtype=pl.String),
                reasons=pl.Series([_ragged(row) for row in ragged], dtype=pl.String),
            )
            lines = lines.filter(~lines.is_in(refused["line"].implode()))
        return _without_blanks(RawBatch(lines, table, refused))

    def _nothing(self) -> pa.Table:
        return pa.schema(list(self._types.items())).empty_table()

    def _table(self, text: bytes, ragged: list[pacsv.InvalidRow]) -> pa.Table:
        def skip(row: pacsv.InvalidRow) -> str:
            ragged.append(row)
            return "skip"

        return pacsv.read_csv(
            pa.BufferReader(text),
            read_options=pacsv.ReadOptions(
                use_threads=False, column_names=self._names, block_size=len(text) + 1
            ),
            parse_options=pacsv.ParseOptions(
                quote_char='"' if b'"' in text else False,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            convert_options=pacsv.ConvertOptions(
                check_utf8=False, column_types=self._types, strings_can_be_null=False
            ),
        )


class _Uncertain(Exception):
    """The quick way cannot tell which line is which."""


def _without_blanks(batch: RawBatch) -> RawBatch:
    """Lines without any value are none."""
    if not pc.any(pc.equal(batch.table["record_id"], "")).as_py():
        return batch
    blank = pl.DataFrame(
        {
            name: pl.Series(batch.table[name].cast(pa.string())) == ""
            for name in batch.table.schema.names
        }
    ).select(pl.all_horizontal(pl.all()))[:, 0]
    return RawBatch(
        batch.lines.filter(~blank), batch.table.filter((~blank).to_arrow()), batch.refused
    )


def _names(header: bytes) -> list[str]:
    try:
        rows = list(csv.reader([header.decode().removesuffix("\r")], strict=True))
    except (UnicodeDecodeError, csv.Error):
        if b"\r" in header.removesuffix(b"\r"):
            raise InvalidInput(
                "the lines end with CR alone; end them with LF or CRLF", field="file"
            ) from None
        raise InvalidInput("the header line is no CSV in UTF-8", field="file") from None
    return rows[0] if rows else []


def _ragged(row: pacsv.InvalidRow) -> str:
    return f"has {row.actual_columns} values, the header names {row.expected_columns}"


def _numbers(first: int, count: int) -> pl.Series:
    return pl.int_range(first, first + count, dtype=pl.Int64, eager=True)
