"""Pages of a list of any length: it is counted up to a bound, never to its end."""

from functools import cached_property
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import QuerySet

MOST_COUNTED: Final = 10_000


class AtLeast(int):
    """A count that was not taken to its end."""

    def __str__(self) -> str:
        return f"more than {int(self):,}"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # only the stubs know it
    """Offers the first ten thousand rows page by page; who looks for more, searches or filters."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, or ``AtLeast`` the bound."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # lists are of rows
        found = rows.order_by()[: MOST_COUNTED + 1].count()
        return found if found <= MOST_COUNTED else AtLeast(MOST_COUNTED)
