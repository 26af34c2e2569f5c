"""Percent-encoded names and values, from a query string or a form, read strictly as UTF-8."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest

from tollbook.kernel.errors import InvalidInput

_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MOST_PAIRS: Final = 1_000


def read_query(request: HttpRequest) -> dict[str, list[str]]:
    """The parameters of the query string, each with its values in the order given."""
    return read_pairs(request.META.get("QUERY_STRING", ""), field="query")


def read_pairs(text: str, *, field: str) -> dict[str, list[str]]:
    """Take ``a=1&b=2`` apart; what is no UTF-8 or holds a NUL is refused by name.

    A name that cannot be read itself is refused under ``field``.
    """
    pairs: dict[str, list[str]] = {}
    pieces = [piece for piece in text.split("&") if piece]
    if len(pieces) > _MOST_PAIRS:
        raise InvalidInput(f"more than {_MOST_PAIRS} parameters", field="non_field_errors")
    for piece in pieces:
        name, _, value = piece.partition("=")
        readable = _decoded(name, of=field)
        pairs.setdefault(readable, []).append(_decoded(value, of=readable))
    return pairs


def check_text(text: str, *, field: str) -> str:
    """``text`` itself, where a database can keep it: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        raise InvalidInput("This text holds a NUL character.", field=field)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput("This text holds half of a surrogate pair.", field=field)
    return text


def _decoded(text: str, *, of: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise InvalidInput("A percent sign must be followed by two hex digits.", field=of)
    plain = unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace"))
    try:
        return check_text(plain.decode("utf-8"), field=of)
    except UnicodeDecodeError:
        raise InvalidInput("This is no UTF-8.", field=of) from None
