"""A downloaded JSON document, read by its lines: a line is a row."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import orjson
import pyarrow as pa

from tollbook.reports.proof.guarding import (
    GuardedTexts,
    Kinds,
    fitting,
    header_line,
    placed_columns,
    text_of,
)
from tollbook.reports.proof.pieces import NotAsWritten
from tollbook.reports.renderers.json_text import JsonRows, json_start
from tollbook.results.columns import Column

_AT_ONCE: Final = 1 << 20
_BETWEEN: Final = b', "rows": ['
_HEADERS: Final = b'{"headers": '
_LAST: Final = b"]}\n"
_TYPES: Final = {str: pa.string(), bool: pa.bool_(), int: pa.int64()}


def json_pieces(file: BinaryIO, kinds: Kinds | None) -> Iterator[bytes]:
    """The rows as lines of CSV; ``NotAsWritten`` for a document of another layout."""
    headers = [column.header for column in _read_columns(file.readline())]
    yield header_line(headers)
    rows = _Rows(headers, fitting(kinds, headers))
    for lines in _row_lines(file):
        yield rows.csv_of(lines)


def _read_columns(line: bytes) -> tuple[Column, ...]:
    told = line.removeprefix(_HEADERS).removesuffix(b"\n").removesuffix(_BETWEEN)
    loaded = _loaded(told, "its headers")
    headers = [header for header in loaded if isinstance(header, str)]
    if not headers or len(headers) < len(loaded):
        raise NotAsWritten("the document does not begin with its headers")
    columns = placed_columns(headers, [pa.string()] * len(headers))
    if json_start(columns) + b"\n" != line:
        raise NotAsWritten("the document does not begin as Tollbook begins one")
    return columns


def _row_lines(file: BinaryIO) -> Iterator[bytes]:
    """Some lines of rows at a time, without what parts them from the next ones."""
    held = b""
    while lines := file.readlines(_AT_ONCE):
        text = held + b"".join(lines)
        held = b""
        if text.endswith(_LAST) and lines[-1] == _LAST:
            rest = text.removesuffix(_LAST)
            if file.read(1):
                break
            if rest:
                yield rest.removesuffix(b"\n")
            return
        if not text.endswith(b",\n"):
            held = text
            if not held.endswith(b"\n"):
                break
            continue
        yield text.removesuffix(b",\n")
    raise NotAsWritten("the document breaks off, or it does not end where it should")


class _Rows:
    """Rows of JSON made into CSV; a column keeps the type that its first value has."""

    def __init__(self, headers: Sequence[str], kinds: Kinds | None) -> None:
        self._headers = headers
        self._types: list[pa.DataType | None] = [None] * len(headers)
        self._guarded = GuardedTexts(kinds)
        self._done = 0

    def csv_of(self, lines: bytes) -> bytes:
        """The rows of ``lines`` as CSV, where they are written as Tollbook writes them."""
        rows = _loaded(b"[" + lines + b"]", f"the rows after row {self._done:,}")
        for row in rows:
            if not isinstance(row, list) or len(row) != len(self._headers):
                raise self._wrong()
        arrays = [self._array(at, values) for at, values in enumerate(zip(*rows, strict=True))]
        types = [data_type or pa.string() for data_type in self._types]
        columns = placed_columns(self._headers, types)
        batch = pa.RecordBatch.from_arrays(arrays, names=[column.key for column in columns])
        if text_of(batch, columns, JsonRows())[len(b",\n") :] != lines:
            raise self._wrong()
        self._done += len(rows)
        return text_of(batch, columns, self._guarded)

    def _array(self, at: int, values: Sequence[object]) -> pa.Array:
        if self._types[at] is None:
            first = next((value for value in values if value is not None), None)
            self._types[at] = None if first is None else _TYPES.get(type(first))
        try:
            array = pa.array(values, self._types[at] or pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise self._wrong() from error
        return array

    def _wrong(self) -> NotAsWritten:
        return NotAsWritten(f"after row {self._done:,} is something that Tollbook does not write")


def _loaded(text: bytes, what: str) -> list[object]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotAsWritten(f"{what} are no JSON: {error}") from error
    if not isinstance(found, list):
        raise NotAsWritten(f"{what} are no list")
    return found
