"""As much of Thrift's compact protocol as a Parquet footer takes: to walk one, to write one."""

from collections.abc import Iterator, Sequence
from typing import Final

I16: Final = 4
I32: Final = 5
I64: Final = 6
BINARY: Final = 8
LIST: Final = 9
STRUCT: Final = 12
_TRUE: Final = 1
_FALSE: Final = 2
_BYTE: Final = 3
_DOUBLE: Final = 7
_SET: Final = 10
_LONG: Final = 15
_FIXED: Final = {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}


class CompactReader:
    """Walks over encoded structs; whoever is told of a field reads or skips its value."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded
        self._type = STRUCT
        self.at = 0

    def fields(self) -> Iterator[int]:
        """The numbers of the fields of the struct that begins here."""
        number = 0
        while head := self._encoded[self.at]:
            self.at += 1
            number = number + (head >> 4) if head >> 4 else self.integer()
            self._type = head & 0x0F
            yield number
        self.at += 1

    def integer(self) -> int:
        """A number, which may be negative."""
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)

    def pass_number(self) -> None:
        """Pass over a number without its sign."""
        self._unsigned()

    def open_list(self) -> int:
        """How many elements the list has that begins here; then they follow."""
        head = self._encoded[self.at]
        self.at += 1
        self._type = head & 0x0F
        return self._unsigned() if head >> 4 == _LONG else head >> 4

    def skip(self) -> None:
        """Pass over the value of the field."""
        self._skip(self._type)

    def taken(self) -> tuple[int, bytes]:
        """The kind of the field and its encoded value, which is passed over."""
        kind = self._type
        return kind, self._taken(kind)

    def elements(self) -> list[bytes]:
        """The encoded elements of the list that begins here."""
        size = self.open_list()
        kind = self._type
        return [self._taken(kind) for _ in range(size)]

    def _taken(self, kind: int) -> bytes:
        start = self.at
        self._skip(kind)
        return self._encoded[start : self.at]

    def _skip(self, kind: int) -> None:
        if kind in (I16, I32, I64):
            self._unsigned()
        elif kind == BINARY:
            size = self._unsigned()
            self.at += size
        elif kind in (LIST, _SET):
            size = self.open_list()
            inner = self._type
            for _ in range(size):
                self._skip(inner)
        elif kind == STRUCT:
            for _ in self.fields():
                self.skip()
        else:
            self.at += _FIXED[kind]

    def _unsigned(self) -> int:
        found = shift = 0
        while True:
            part = self._encoded[self.at]
            self.at += 1
            found |= (part & 0x7F) << shift
            if part < 0x80:
                return found
            shift += 7


def fields_of(encoded: bytes) -> dict[int, tuple[int, bytes]]:
    """The fields of a struct, by number: kind and encoded value of each."""
    reader = CompactReader(encoded)
    return {number: reader.taken() for number in reader.fields()}


def elements_of(encoded: bytes) -> list[bytes]:
    """The encoded elements of a list."""
    return CompactReader(encoded).elements()


def number_of(encoded: bytes) -> int:
    """An encoded number."""
    return CompactReader(encoded).integer()


def text_of(encoded: bytes) -> bytes:
    """Encoded bytes, without their length."""
    reader = CompactReader(encoded)
    reader.pass_number()
    return encoded[reader.at :]


def unsigned_of(encoded: bytes) -> int:
    """A number without its sign."""
    found = 0
    for part in reversed(encoded):
        found = found << 7 | part & 0x7F
    return found


def struct(*fields: tuple[int, int, bytes], after: int = 0) -> bytes:
    """A struct of numbered fields in rising order, after the field ``after``."""
    parts = []
    for number, kind, value in fields:
        parts.append(bytes([(number - after) << 4 | kind]) + value)
        after = number
    return b"".join(parts) + b"\0"


def integer(number: int) -> bytes:
    """A number that is not negative."""
    return unsigned(number << 1)


def binary(content: bytes) -> bytes:
    """Bytes, or text in UTF-8."""
    return unsigned(len(content)) + content


def sequence(kind: int, elements: Sequence[bytes]) -> bytes:
    """A list."""
    size = len(elements)
    head = bytes([size << 4 | kind]) if size < _LONG else bytes([0xF0 | kind]) + unsigned(size)
    return head + b"".join(elements)


def unsigned(number: int) -> bytes:
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)
