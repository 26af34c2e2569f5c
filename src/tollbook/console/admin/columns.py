"""Columns that are told, not read: a typed door to the library's decorator."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from unfold.decorators import display

_Told = TypeVar("_Told", bound=Callable[..., str])


def column(
    description: str, *, ordering: str | None = None, label: Mapping[str, str] | None = None
) -> Callable[[_Told], _Told]:
    """A column under ``description``; ``label`` gives each text the colour of its badge."""
    decorate: Any = display(
        description=description, ordering=ordering, label=None if label is None else dict(label)
    )
    return decorate  # type: ignore[no-any-return]
