"""JSON Lines: one object on each line, amounts as numbers or texts, every digit kept."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.json as pajson

from tollbook.kernel.money import round_money
from tollbook.usage.readers.lines import Piece, is_text, pieces_of_lines
from tollbook.usage.readers.raw import RawBatch, Unread
from tollbook.usage.records import AMOUNT, COLUMNS
from tollbook.usage.refusals import no_refusals, refusals

_NUMBERS: Final = frozenset({"client_id", "addendum_id", "amount"})
"""Numbers, or texts that hold one."""
_LARGEST: Final = Decimal(10) ** 26
_SCHEMA: Final = pa.schema(
    [(name, AMOUNT if name in _NUMBERS else pa.string()) for name in COLUMNS]
)
_FEW: Final = 32
"""So few lines are read one by one, to tell which of them is wrong."""
_DEEP: Final = 8
_SPACES: Final = b" \t\r"
"""What JSON passes over at both ends of a line."""


def read_json_lines(blocks: Iterable[bytes]) -> Iterator[Unread]:
    """The records of a file of JSON Lines that comes in ``blocks``."""
    for piece in pieces_of_lines(blocks):
        yield partial(_read, piece)


def _read(piece: Piece) -> RawBatch:
    numbers = pl.int_range(piece.first, piece.first + piece.count, dtype=pl.Int64, eager=True)
    table = _parsed(piece.text, len(numbers))
    if table is not None:
        return RawBatch(numbers, table)
    stripped = (line.strip(_SPACES) for line in piece.split())
    numbered = [(number, line) for number, line in enumerate(stripped, piece.first) if line]
    found = list(_searched(numbered))
    return RawBatch(
        pl.concat([batch.lines for batch in found]) if found else numbers.clear(),
        pa.concat_tables([batch.table for batch in found]) if found else _SCHEMA.empty_table(),
        pl.concat([batch.refused for batch in found]) if found else no_refusals(),
    )


def _searched(lines: Sequence[tuple[int, bytes]]) -> Iterator[RawBatch]:
    """Halve the lines until those that cannot be read are few."""
    if len(lines) <= _FEW:
        yield _one_by_one(lines)
        return
    text = b"\n".join(line for _, line in lines) + b"\n"
    table = _parsed(text, len(lines))
    if table is not None:
        yield RawBatch(pl.Series([number for number, _ in lines], dtype=pl.Int64), table)
        return
    middle = len(lines) // 2
    yield from _searched(lines[:middle])
    yield from _searched(lines[middle:])


def _parsed(text: bytes, count: int) -> pa.Table | None:
    """All lines as one table; none where a line is not what it should be."""
    if not (_are_braced(text, count) and is_text(text)):
        return None
    try:
        table = pajson.read_json(
            pa.BufferReader(text),
            read_options=pajson.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=pajson.ParseOptions(
                explicit_schema=_SCHEMA, unexpected_field_behavior="error"
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return table if table.num_rows == count else None


def _are_braced(text: bytes, count: int) -> bool:
    """Whether each of ``count`` lines begins and ends with a brace.

    Then none is empty, an object cannot go on in the next line, and as many objects as lines means
    one on each. The parser must see nothing else: a ``null`` in the place of an object crashes it.
    """
    begun = text.startswith(b"{") + text.count(b"\n{")
    ended = text.count(b"}\n") + text.count(b"}\r\n")
    return begun == count == ended


def _one_by_one(lines: Sequence[tuple[int, bytes]]) -> RawBatch:
    good: list[tuple[int, Mapping[str, Any]]] = []
    wrong: list[tuple[int, _Wrong]] = []
    for number, line in lines:
        try:
            good.append((number, _record(line)))
        except _Wrong as mistake:
            wrong.append((number, mistake))
    refused = [
        refusals(
            pl.Series([number]),
            column=mistake.column,
            values=pl.Series([mistake.value]),
            reasons=pl.Series([mistake.reason]),
        )
        for number, mistake in wrong
    ]
    return RawBatch(
        pl.Series([number for number, _ in good], dtype=pl.Int64),
        pa.Table.from_pylist([record for _, record in good], schema=_SCHEMA),
        pl.concat(refused) if refused else no_refusals(),
    )


class _Wrong(Exception):
    """What is wrong with a line; halves of characters are shown as JSON escapes them."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason
        self.value = value.encode(errors="backslashreplace").decode()


def _record(line: bytes) -> dict[str, str | Decimal | None]:
    shown = line.decode(errors="replace")
    try:
        found = json.loads(
            line.decode(), object_pairs_hook=_pairs, parse_float=_Number, parse_int=_Number
        )
    except UnicodeDecodeError:
        raise _Wrong("", shown, "is no UTF-8") from None
    except (ValueError, RecursionError):
        raise _Wrong("", shown, "is no JSON") from None
    if not isinstance(found, _Pairs):
        raise _Wrong("", shown, "is no JSON object")
    record: dict[str, str | Decimal | None] = {}
    for name, value in found:
        if name not in COLUMNS:
            raise _Wrong(
                "", name, f"is no column of a usage record; known are {', '.join(COLUMNS)}"
            )
        if name in record:
            raise _Wrong(name, shown, "is given twice")
        record[name] = _value(name, value)
    return record


class _Number(str):
    """A number as its digits stand in the file."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, in order and with those that come twice."""


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    return _Pairs(pairs)


def _value(name: str, value: object) -> str | Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Wrong(name, _as_json(value)[:200], "is neither a text nor a number")
    if name not in _NUMBERS:
        if isinstance(value, _Number):
            raise _Wrong(name, value, "is a number; write it as a text, in quotes")
        if not value.isascii() and not is_text(value.encode(errors="surrogatepass")):
            raise _Wrong(name, value, "is no text of Unicode")
        return value
    return None if value == "" else _number(name, value)


def _as_json(value: object, depth: int = 0) -> str:
    """What the file says, cut short where it is nested deeply."""
    match value:
        case _Number():
            return str(value)
        case list() if depth == _DEEP:
            return "…"
        case _Pairs():
            members = (f"{json.dumps(name)}: {_as_json(each, depth + 1)}" for name, each in value)
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(_as_json(each, depth + 1) for each in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _number(name: str, value: str) -> Decimal:
    try:
        number = Decimal(value) if value.isascii() and not value.strip("+-.0123456789eE") else None
    except InvalidOperation:
        number = None
    if number is None:
        raise _Wrong(name, value, "is no number")
    _, digits, exponent = number.as_tuple()
    if number and (number.adjusted() >= 26 or not isinstance(exponent, int)):
        raise _Wrong(name, value, "is too large")
    places = len("".join(map(str, digits)).rstrip("0")) - len(digits) - int(exponent)
    if number and places > 12:
        raise _Wrong(name, value, "has more than 12 decimals")
    return round_money(number)
