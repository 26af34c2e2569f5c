"""Parts of a download: ``Range`` (RFC 9110, section 14), one range at a time."""

import re
from dataclasses import dataclass
from typing import Final

_ONE_RANGE: Final = re.compile(
    r"\s*bytes\s*=\s*([0-9]{0,999})\s*-\s*([0-9]{0,999})\s*", re.IGNORECASE
)


class OutsideRange(ValueError):
    """No byte of the range exists."""


@dataclass(frozen=True)
class ByteRange:
    """The bytes from ``first`` to ``last``, both included, of ``length`` in all."""

    first: int
    last: int
    length: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """The header that says which part an answer 206 holds."""
        return f"bytes {self.first}-{self.last}/{self.length}"


def asks_for_range(header: str) -> bool:
    """Whether the header asks for one range of bytes; any other is passed over, as is allowed."""
    match = _ONE_RANGE.fullmatch(header)
    if match is None or not any(match.groups()):
        return False
    first, last = match.groups()
    return not (first and last and int(first) > int(last))


def read_range(header: str, length: int) -> ByteRange:
    """The range that the header asks for of ``length`` bytes; ``OutsideRange`` if none of it is."""
    match = _ONE_RANGE.fullmatch(header)
    if match is None:
        raise ValueError(f"{header!r} asks for no range")
    first, last = match.groups()
    if not first:
        size = min(int(last), length)
        found = ByteRange(length - size, length - 1, length)
    else:
        found = ByteRange(int(first), min(int(last or length), length - 1), length)
    if found.first >= length or found.size <= 0:
        raise OutsideRange(f"bytes */{length}")
    return found


def names_tag(header: str, tag: str) -> bool:
    """Whether ``If-None-Match`` names ``tag``, weakly or not, or any by ``*``."""
    given = [entry.strip().removeprefix("W/") for entry in header.split(",")]
    return tag in given or given == ["*"]
