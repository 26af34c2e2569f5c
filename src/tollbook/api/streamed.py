"""Requests whose body is taken in as it comes, by the view itself: too long to be held anywhere."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from gunicorn.http.errors import ParseException
from rest_framework.exceptions import APIException

from tollbook.api.bodies import NO_FIELD
from tollbook.kernel.errors import InvalidInput

STREAMED: Final = frozenset({("POST", "/billing/org/v1/imports")})
"""Method and path of the operations that read their body themselves."""


class BodyTooLong(APIException):
    """413, in the middle of a body."""

    status_code = 413

    def __init__(self, most: int) -> None:
        super().__init__(f"The body is longer than {most} bytes.")


class ArrivingBody:
    """The body of a request, read once; a limit on it, and an error where it breaks off."""

    def __init__(self, request: HttpRequest) -> None:
        self._read: Callable[[int], bytes] = request.META["wsgi.input"].read
        chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        self._left = None if chunked else int(request.META.get("CONTENT_LENGTH") or 0)
        self._most = settings.MAX_IMPORT_BYTES
        self._seen = 0
        self._check_length(self._left or 0)

    def read(self, size: int = 1 << 18) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        wanted = size if self._left is None else min(size, self._left)
        if not wanted:
            return b""
        try:
            piece = self._read(wanted)
        except (OSError, ParseException) as error:
            raise _broken() from error
        if self._left is not None:
            self._left -= len(piece)
            if not piece:
                raise _broken()
        self._seen += len(piece)
        self._check_length(self._seen)
        return piece

    def _check_length(self, length: int) -> None:
        if length > self._most:
            raise BodyTooLong(self._most)


def is_streamed(request: HttpRequest) -> bool:
    """Whether the view reads the body."""
    return (request.method, request.path) in STREAMED


def is_streamed_line(line: bytes) -> bool:
    """Whether the first line of a request, as it comes in, is of such an operation."""
    method, _, rest = line.decode("latin-1").partition(" ")
    return (method, rest.partition(" ")[0].partition("?")[0]) in STREAMED


def header_of(request: Any, name: str) -> str:
    """A header in lower case, without blanks around it; empty where there is none."""
    return str(request.META.get(name, "")).strip().lower()


def _broken() -> InvalidInput:
    return InvalidInput("The body broke off.", field=NO_FIELD)
