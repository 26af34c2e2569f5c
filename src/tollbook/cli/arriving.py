"""A request on its way in: how much of it is there, told without waiting for the rest."""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from gunicorn.http.errors import InvalidHeader, LimitRequestHeaders, LimitRequestLine

LONGEST_LINE: Final = 8_190
_LONGEST_HEAD: Final = 64 * 1024
_END: Final = b"\r\n\r\n"
_BARE: Final = re.compile(rb"(?<!\r)\n")
_FRAMING: Final = re.compile(
    rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE
)
_CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(;.*)?", re.DOTALL)
_LONGEST_CHUNK_LINE: Final = 1_024


class Stage(Enum):
    """What is there of a request."""

    HEAD = auto()
    BODY = auto()
    STREAMED = auto()
    """The head is there, and whoever answers reads the body as it comes."""
    WHOLE = auto()
    CUT = auto()
    """The rest is not wanted: the body is too long, or what is there breaks the rules."""


class Arriving:
    """The bytes of one request, and what follows it; ``most`` is the longest body.

    ``is_streamed`` tells by the first line whose body is not awaited here.
    """

    def __init__(
        self, most: int, is_streamed: Callable[[bytes], bool] = lambda _line: False
    ) -> None:
        self._is_streamed = is_streamed
        self.bytes = bytearray()
        self.stage = Stage.HEAD
        self.refusal: Exception | None = None
        """Why the head cannot be taken, where that shows before it is whole."""
        self.wants_continue = False
        """The client holds its body back until it is told to go on."""
        self._most = most
        self._seen = 0
        self._body = 0
        self._length: int | None = 0

    @property
    def whole(self) -> bool:
        """Whether nothing of it is still to come."""
        return self.stage is Stage.WHOLE

    def take(self, piece: bytes) -> Stage:
        """Add what has come; returns how far the request is now."""
        self.bytes += piece
        if self.stage is Stage.HEAD:
            self._look_for_head()
        if self.stage is Stage.BODY:
            self._look_for_body()
        return self.stage

    def _look_for_head(self) -> None:
        end = self.bytes.find(_END, max(0, self._seen - len(_END)))
        head = end if end >= 0 else len(self.bytes)
        bare = _BARE.search(self.bytes, max(0, self._seen - 1), head)
        self._seen = head
        if bare:
            self._refuse(InvalidHeader("bare LF as line terminator"))
        elif head > LONGEST_LINE and self.bytes.find(b"\r\n", 0, LONGEST_LINE + 2) < 0:
            self._refuse(LimitRequestLine(head, LONGEST_LINE))
        elif head > _LONGEST_HEAD:
            self._refuse(LimitRequestHeaders("the head is too long"))
        elif end >= 0:
            self._body = self._seen = end + len(_END)
            self._read_framing(bytes(self.bytes[: end + 2]))

    def _read_framing(self, head: bytes) -> None:
        lines = [(name.lower(), value.strip().lower()) for name, value in _FRAMING.findall(head)]
        found = dict(lines)
        length = found.get(b"content-length", b"0")
        coding = found.get(b"transfer-encoding")
        self.stage = Stage.BODY
        self.wants_continue = found.get(b"expect") == b"100-continue"
        if len(found) < len(lines) or not length.isdigit():
            self.stage = Stage.CUT
        elif self._is_streamed(head.partition(b"\r\n")[0]):
            self.stage = Stage.STREAMED
        elif int(length[:20]) > self._most:
            self.stage = Stage.CUT
        elif coding is None:
            self._length = int(length)
        elif coding == b"chunked" and b"content-length" not in found:
            self._length = None
        else:
            self.stage = Stage.CUT

    def _look_for_body(self) -> None:
        if self._length is not None:
            if len(self.bytes) >= self._body + self._length:
                self.stage = Stage.WHOLE
            return
        while self.stage is Stage.BODY and self._skip_chunk():
            pass
        if self.stage is Stage.BODY and len(self.bytes) - self._body > 2 * self._most + 4_096:
            self.stage = Stage.CUT

    def _skip_chunk(self) -> bool:
        """Go on to the next chunk; whether that was possible."""
        end = self.bytes.find(b"\r\n", self._seen)
        if end < 0:
            if len(self.bytes) - self._seen > _LONGEST_CHUNK_LINE:
                self.stage = Stage.CUT
            return False
        size = _CHUNK_SIZE.fullmatch(bytes(self.bytes[self._seen : end]))
        if size is None:
            self.stage = Stage.CUT
            return False
        if (length := int(size[1], 16)) == 0:
            if self.bytes.find(_END, end) >= 0:
                self.stage = Stage.WHOLE
            return False
        following = end + 2 + length + 2
        if len(self.bytes) < following:
            return False
        if self.bytes[following - 2 : following] != b"\r\n":
            self.stage = Stage.CUT
            return False
        self._seen = following
        return True

    def _refuse(self, error: Exception) -> None:
        self.refusal = error
        self.stage = Stage.CUT
