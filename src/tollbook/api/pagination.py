"""Pages of lists: ``limit`` and ``offset``, and links that tell the truth about both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.http import HttpRequest

from tollbook.api.kinds import LARGEST_INTEGER, only_one, read_integer

LIMIT: Final = "limit"
OFFSET: Final = "offset"
DEFAULT_LIMIT: Final = 20
MOST: Final = 100


@dataclass(frozen=True)
class Window:
    """Which items of a list: ``limit`` of them, after the first ``offset``."""

    limit: int
    offset: int

    def links(
        self, request: HttpRequest, query: Mapping[str, Sequence[str]], count: int
    ) -> dict[str, str | None]:
        """The addresses of the next and the previous page; null where there is none."""
        after, before = self.offset + self.limit, max(self.offset - self.limit, 0)
        return {
            "next": self._link(request, query, after) if after < count else None,
            "previous": self._link(request, query, before) if self.offset > 0 else None,
        }

    def _link(self, request: HttpRequest, query: Mapping[str, Sequence[str]], offset: int) -> str:
        shown = {name: values for name, values in query.items() if name not in (LIMIT, OFFSET)}
        pages = [(LIMIT, str(self.limit))] + ([(OFFSET, str(offset))] if offset else [])
        kept = [(name, value) for name, values in shown.items() for value in values]
        return (
            request.build_absolute_uri(request.path)
            + "?"
            + urlencode(pages + kept, quote_via=quote)
        )


def read_window(query: Mapping[str, Sequence[str]]) -> tuple[Window, dict[str, list[str]]]:
    """The window that ``query`` asks for, and what is wrong with it, by parameter.

    More than the most a page may hold is taken as the most, as the links then say.
    """
    errors: dict[str, list[str]] = {}
    limit = _number(query, LIMIT, smallest=1, default=DEFAULT_LIMIT, errors=errors)
    offset = _number(query, OFFSET, smallest=0, default=0, errors=errors)
    return Window(min(limit, MOST), offset), errors


def parameters() -> list[dict[str, Any]]:
    """The OpenAPI parameter objects of both."""
    return [
        {
            "name": LIMIT,
            "in": "query",
            "description": f"How many items a page holds; more than {MOST} is served as {MOST}.",
            "schema": {
                "type": "integer",
                "minimum": 1,
                "maximum": LARGEST_INTEGER,
                "default": DEFAULT_LIMIT,
            },
        },
        {
            "name": OFFSET,
            "in": "query",
            "description": "How many items come before the page.",
            "schema": {"type": "integer", "minimum": 0, "maximum": LARGEST_INTEGER, "default": 0},
        },
    ]


def _number(
    query: Mapping[str, Sequence[str]],
    name: str,
    *,
    smallest: int,
    default: int,
    errors: dict[str, list[str]],
) -> int:
    if name not in query:
        return default
    try:
        number = read_integer(only_one(query[name]))
    except ValueError as error:
        errors[name] = [str(error)]
        return default
    if number < smallest:
        errors[name] = [f"This is less than {smallest}."]
    return number
