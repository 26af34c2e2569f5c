"""Which resellers' months are closed: asked of the room that knows, which lies above this one."""

from collections.abc import Callable, Collection
from datetime import date
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string


def resellers_closed_in(month: date) -> Collection[int]:
    """The resellers whose month takes no more expenses; settings name the function that knows."""
    known = cast(Callable[[date], Collection[int]], import_string(settings.CLOSED_MONTHS))
    return known(month)
