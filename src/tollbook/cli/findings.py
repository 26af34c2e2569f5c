"""A finding of ``tollbook doctor``: what was looked at, how it is, and how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import psycopg
from django.db import DatabaseError
from kombu.exceptions import KombuError

from tollbook.cli.output import explained
from tollbook.kernel.errors import DomainError

EXPECTED: Final = (DomainError, DatabaseError, psycopg.Error, KombuError, OSError, ValueError)
"""What a check may end with; anything else is a mistake of ours."""


class Health(StrEnum):
    """How something is; only ``BROKEN`` fails the command."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    what: str
    health: Health
    detail: str
    mend: str = ""


def find(what: str, look: Callable[[], Finding], *, mend: str) -> Finding:
    """What ``look`` finds; an error that it ends with is the finding."""
    try:
        return look()
    except EXPECTED as error:
        return Finding(what, Health.BROKEN, " ".join(explained(error).split()), mend)
