"""The file of a form, or the body itself, handed on in pieces as it comes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.http import parse_header_parameters
from rest_framework.request import Request

from tollbook.api.bodies import NO_FIELD
from tollbook.api.streamed import ArrivingBody
from tollbook.kernel.errors import InvalidFields, InvalidInput

FILE: Final = "file"
_PIECE: Final = 1 << 18
_TAIL: Final = 4_096


def take_body(request: Request, take: Callable[[bytes], None]) -> None:
    """Hand every byte of the body to ``take``."""
    body = ArrivingBody(request._request)  # noqa: SLF001  DRF's own would read it whole
    while piece := body.read(_PIECE):
        take(piece)


def take_form_file(request: Request, take: Callable[[bytes], None]) -> str:
    """Hand the bytes of the form's one file to ``take``; returns the name that it was given."""
    meta = request._request.META  # noqa: SLF001
    _, options = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
    tail = _Tail(ArrivingBody(request._request))  # noqa: SLF001
    handler = _OneFile(take)
    try:
        fields, _ = MultiPartParser(
            {**meta, "CONTENT_LENGTH": meta.get("CONTENT_LENGTH") or str(1 << 62)},
            cast(Any, tail),
            [handler],
        ).parse()
    except MultiPartParserError:
        raise InvalidInput("The form cannot be understood.", field=NO_FIELD) from None
    if f"--{options.get('boundary', '')}--".encode() not in tail.last:
        raise InvalidInput("The form is not whole: its last boundary is missing.", field=NO_FIELD)
    _check_fields(fields, handler)
    return handler.name or ""


def _check_fields(fields: Mapping[str, Any], handler: "_OneFile") -> None:
    if unknown := [*fields, *handler.unknown]:
        raise InvalidFields({name: [f"Unknown field; known is {FILE}."] for name in unknown[:10]})
    if handler.name is None:
        raise InvalidInput("This field is required: a file.", field=FILE)


@dataclass
class _Tail:
    """Reads on as Django's parser asks, and remembers the last bytes."""

    body: ArrivingBody
    last: bytes = b""

    def read(self, size: int) -> bytes:
        piece = self.body.read(size)
        self.last = (self.last + piece)[-_TAIL:]
        return piece


class _OneFile(FileUploadHandler):
    """Passes the file on; nothing of it is kept."""

    chunk_size = _PIECE

    def __init__(self, take: Callable[[bytes], None]) -> None:
        super().__init__()
        self._take = take
        self.name: str | None = None
        self.unknown: list[str] = []

    def new_file(self, field_name: str, file_name: str, *more: Any, **told: Any) -> None:
        super().new_file(field_name, file_name, *more, **told)
        if field_name != FILE:
            self.unknown.append(field_name)
        elif self.name is not None:
            raise InvalidInput("This is given more than once.", field=FILE)
        else:
            self.name = file_name

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.field_name == FILE:
            self._take(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        return None
