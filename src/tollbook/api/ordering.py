"""The order of a list, declared as data; always ended by the primary key, so that pages agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ORDERING: Final = "ordering"
ORDER_BY: Final = "order_by"
_DIRECTIONS: Final = {"asc": "", "desc": "-"}


@dataclass(frozen=True)
class Ordering:
    """Names on the wire with their columns, the order of those who ask for none, and the key."""

    columns: Mapping[str, str]
    default: tuple[str, ...]
    key: str

    def read(
        self, query: Mapping[str, Sequence[str]]
    ) -> tuple[tuple[str, ...], dict[str, list[str]]]:
        """Columns with ``-`` for descending, and what is wrong, by parameter.

        ``ordering`` counts before ``order_by``; of a column named twice the first counts.
        """
        wanted: list[str] = []
        errors: dict[str, list[str]] = {}
        for name, read in ((ORDERING, self._signed), (ORDER_BY, self._worded)):
            terms = [term for text in query.get(name, ()) for term in text.split(",")]
            if unknown := [term for term in terms if read(term) is None]:
                errors[name] = [self._complaint(name, unknown)]
            wanted += [column for term in terms if (column := read(term)) is not None]
        return self._ended(tuple(wanted) or self.default), errors

    def parameters(self) -> list[dict[str, Any]]:
        """The OpenAPI parameter objects of both forms."""
        signed = sorted([*(f"-{name}" for name in self.columns), *self.columns])
        worded = sorted(f"{name}.{word}" for name in self.columns for word in _DIRECTIONS)
        return [
            _parameter(
                ORDERING, signed, "Order of the items: field names, `-` before one for descending."
            ),
            _parameter(
                ORDER_BY,
                worded,
                "The same in words: `field.asc` or `field.desc`; counts after `ordering`.",
            ),
        ]

    def _signed(self, term: str) -> str | None:
        column = self.columns.get(term.removeprefix("-"))
        return column and ("-" if term.startswith("-") else "") + column

    def _worded(self, term: str) -> str | None:
        name, _, word = term.rpartition(".")
        column = self.columns.get(name)
        sign = _DIRECTIONS.get(word)
        return None if column is None or sign is None else sign + column

    def _complaint(self, name: str, unknown: Sequence[str]) -> str:
        form = ".asc or .desc" if name == ORDER_BY else "- for descending"
        given = ", ".join(term[:50] or "an empty name" for term in unknown)
        return f"Cannot order by {given}; known are {', '.join(self.columns)}, with {form}."

    def _ended(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """``wanted`` without repetitions, with the key at the end."""
        kept: dict[str, str] = {}
        for column in (*wanted, self.key):
            kept.setdefault(column.removeprefix("-"), column)
        return tuple(kept.values())


def _parameter(name: str, words: Sequence[str], description: str) -> dict[str, Any]:
    items = {"type": "string", "enum": list(words)}
    schema = {"type": "array", "items": items, "minItems": 1}
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": schema,
        "style": "form",
        "explode": False,
    }
