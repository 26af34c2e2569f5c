"""Bytes as they come → pieces of whole lines, each with the number of its first line.

A line break ends a record, also inside quotes: no value holds one, and so what is wrong with one
line never touches the next.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tollbook.kernel.errors import InvalidInput

LONGEST_LINE: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Piece:
    """``count`` whole lines, each ended by LF; ``first`` is the number of the first one, from 1."""

    text: bytes
    first: int
    count: int

    def split(self) -> list[bytes]:
        """The lines, without their ends."""
        lines = self.text.split(b"\n")
        lines.pop()
        return [line.removesuffix(b"\r") for line in lines]


def pieces_of_lines(blocks: Iterable[bytes]) -> Iterator[Piece]:
    """Cut ``blocks`` at line breaks; a mark of byte order at the very beginning is left out."""
    first, rest, began = 1, b"", False
    for block in blocks:
        text = rest + block
        if not began and len(text) >= len(_BOM):
            text, began = text.removeprefix(_BOM), True
        cut = text.rfind(b"\n") + 1
        rest = text[cut:]
        if cut:
            count = text.count(b"\n")
            yield Piece(text[:cut], first, count)
            first += count
        if len(rest) > LONGEST_LINE:
            raise InvalidInput(
                f"a line after line {first - 1} is longer than {LONGEST_LINE} bytes", field="file"
            )
    rest = rest if began else rest.removeprefix(_BOM)
    if rest:
        yield Piece(rest + b"\n", first, 1)


def is_text(text: bytes) -> bool:
    """Whether it is UTF-8; what is ASCII, as most of it is, need not be decoded to tell."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
