"""Reads a downloaded report back with the standard library alone, row by row: rows and sums."""

import csv
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import Path
from typing import IO, Final, TextIO
from xml.parsers import expat

from tollbook.kernel.money import money_context

_CHUNK: Final = 1 << 20
_SHARED: Final = "xl/sharedStrings.xml"


@dataclass(frozen=True)
class FileContents:
    """How many rows a file holds, and what one column adds up to in each currency."""

    rows: int
    totals: Mapping[str, Decimal]


def read_contents(path: Path, *, amount: str, currency: str) -> FileContents:
    """What the file holds; ``amount`` and ``currency`` are headers of its columns."""
    with localcontext(money_context()):
        totals: defaultdict[str, Decimal] = defaultdict(Decimal)
        rows = _READERS[path.suffix](path)
        headers = next(rows)
        amount_at, currency_at = headers.index(amount), headers.index(currency)
        count = 0
        for row in rows:
            count += 1
            totals[row[currency_at]] += Decimal(row[amount_at])
        return FileContents(count, dict(sorted(totals.items())))


def _csv_rows(path: Path) -> Iterator[Sequence[str]]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.reader(lines, strict=True)


def _json_rows(path: Path) -> Iterator[Sequence[str]]:
    """The headers, then each row; the document is never whole in memory."""
    with path.open(encoding="utf-8") as text:
        reader = _JsonReader(text)
        reader.skip('{ "headers" :')
        yield reader.value()
        reader.skip(', "rows" : [')
        while not reader.skipped("]"):
            reader.skipped(",")
            yield reader.value()
        reader.skip("}")


class _JsonReader:
    """Takes one value after another from the start of a text."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._decoder = json.JSONDecoder(parse_float=Decimal)
        self._buffer = ""
        self._at = 0

    def value(self) -> list[str]:
        """The array that comes next."""
        self._skip_space()
        while True:
            try:
                found, self._at = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError:
                if not self._read_more():
                    raise
                continue
            if not isinstance(found, list):
                raise TypeError(f"an array was due, not {found!r}")
            return found

    def skip(self, marks: str) -> None:
        """Pass over ``marks``, parted by spaces, which must come next."""
        for mark in marks.split():
            if not self.skipped(mark):
                raise ValueError(f"{mark} was due, not {self._buffer[self._at : self._at + 20]!r}")

    def skipped(self, mark: str) -> bool:
        """Pass over ``mark`` where it comes next."""
        self._skip_space()
        while len(self._buffer) - self._at < len(mark) and self._read_more():
            pass
        if not self._buffer.startswith(mark, self._at):
            return False
        self._at += len(mark)
        return True

    def _skip_space(self) -> None:
        while True:
            rest = self._buffer[self._at : self._at + 1]
            if rest.isspace():
                self._at += 1
            elif rest or not self._read_more():
                return

    def _read_more(self) -> bool:
        more = self._text.read(_CHUNK)
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return bool(more)


def _xlsx_rows(path: Path) -> Iterator[Sequence[str]]:
    """The rows of all data sheets; the last sheet tells about them and is left out."""
    with zipfile.ZipFile(path) as archive:
        shared = list(_shared_strings(archive))
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        for number, _ in enumerate(names[:-1], 1):
            with archive.open(f"xl/worksheets/sheet{number}.xml") as part:
                rows = _parsed(part, _SheetRows(shared))
                header = next(rows)
                if number == 1:
                    yield header
                yield from rows


def _shared_strings(archive: zipfile.ZipFile) -> Iterator[str]:
    if _SHARED in archive.namelist():
        with archive.open(_SHARED) as part:
            yield from ("".join(texts) for texts in _parsed(part, _SharedStrings()))


class _Gatherer:
    """Gathers what is asked for between the events of an XML parser."""

    def __init__(self) -> None:
        self.ready: list[list[str]] = []
        self._text: list[str] = []
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str], /) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text, in any number of pieces."""
        if self._inside:
            self._text.append(text)


class _SharedStrings(_Gatherer):
    def start(self, name: str, _attributes: Mapping[str, str], /) -> None:
        self._inside = name == "t"

    def end(self, name: str) -> None:
        self._inside = False
        if name == "si":
            self.ready.append(self._text)
            self._text = []


class _SheetRows(_Gatherer):
    def __init__(self, shared: Sequence[str]) -> None:
        super().__init__()
        self._shared = shared
        self._row: list[str] = []
        self._is_shared = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._is_shared = attributes.get("t") == "s"
        self._inside = name in {"v", "t"}

    def end(self, name: str) -> None:
        self._inside = False
        if name == "c":
            text = "".join(self._text)
            self._row.append(self._shared[int(text)] if self._is_shared and text else text)
            self._text = []
        elif name == "row":
            self.ready.append(self._row)
            self._row = []


def _parsed(part: IO[bytes], gatherer: _Gatherer) -> Iterator[list[str]]:
    parser = expat.ParserCreate()
    parser.StartElementHandler = gatherer.start
    parser.EndElementHandler = gatherer.end
    parser.CharacterDataHandler = gatherer.text
    while chunk := part.read(_CHUNK):
        parser.Parse(chunk)
        yield from gatherer.ready
        gatherer.ready = []
    parser.Parse(b"", True)


_READERS: Final[Mapping[str, Callable[[Path], Iterator[Sequence[str]]]]] = {
    ".csv": _csv_rows,
    ".json": _json_rows,
    ".xlsx": _xlsx_rows,
}
