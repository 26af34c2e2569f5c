"""What went wrong with a piece of work, as a code, a sentence and whether trying again helps."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import adbc_driver_manager
import django.db
import psycopg

from tollbook.kernel.errors import DomainError, Unavailable
from tollbook.storage.files import StorageUnavailable


@dataclass(frozen=True)
class Failure:
    """``tries_again``: the worker starts over by itself; ``retryable``: asking again can help."""

    code: str
    message: str
    tries_again: bool
    retryable: bool

    def note(self) -> dict[str, Any]:
        """The entry of ``processing_notes.errors``."""
        return {"code": self.code, "message": self.message, "retryable": self.retryable}


STORAGE_FULL: Final = Failure(
    "storage_full",
    "The storage for results is full, nothing was kept. Ask again when there is room.",
    tries_again=False,
    retryable=True,
)
STORAGE_UNAVAILABLE: Final = Failure(
    "storage_unavailable",
    "The storage for results cannot be written or read now. Ask again later.",
    tries_again=True,
    retryable=True,
)
DATABASE_UNAVAILABLE: Final = Failure(
    "database_unavailable",
    "The database went away during the work. Ask again later.",
    tries_again=True,
    retryable=True,
)
WORKER_LOST: Final = Failure(
    "worker_lost",
    "The worker stopped in the middle of the work.",
    tries_again=True,
    retryable=True,
)
INTERNAL: Final = Failure(
    "internal",
    "Something unexpected went wrong; the log tells more under the number of this task.",
    tries_again=True,
    retryable=False,
)

STORAGE_FAILURES: Final[Mapping[str, Failure]] = {
    failure.code: failure for failure in (STORAGE_FULL, STORAGE_UNAVAILABLE)
}
"""By the code of ``StorageUnavailable``. Room is seldom made within seconds: one try is enough."""

DATABASE_ERRORS: Final = (
    django.db.OperationalError,
    django.db.InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    adbc_driver_manager.OperationalError,
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def failure_of(error: Exception) -> Failure:
    """What ``error`` means to the one who asked; ``INTERNAL`` for what nobody foresaw."""
    match error:
        case StorageUnavailable():
            return STORAGE_FAILURES.get(error.code, STORAGE_UNAVAILABLE)
        case DomainError():
            passing = isinstance(error, Unavailable)
            return Failure(error.code, error.message, tries_again=passing, retryable=passing)
        case OSError(errno=number) if number in _FULL:
            return STORAGE_FULL
        case _:
            return DATABASE_UNAVAILABLE if isinstance(error, DATABASE_ERRORS) else INTERNAL
