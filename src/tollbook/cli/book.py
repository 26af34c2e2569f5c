"""The book itself, for commands that read and write it without a server."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import django
from django.conf import settings
from django.db.utils import OperationalError, ProgrammingError
from psycopg.errors import UndefinedTable

from tollbook.config.embedded_postgres import running_embedded_postgres
from tollbook.config.logging import set_up_logging
from tollbook.kernel.errors import Unavailable


def home_folder() -> Path:
    """Where the embedded parts, logs and downloads are."""
    return Path(os.environ.get("TOLLBOOK_HOME") or "var").absolute()


@contextmanager
def opened_book() -> Iterator[None]:
    """Django ready on the ledger; the embedded one runs for the block where it does not already.

    Log lines go to standard error: standard output is the command's own. Whatever needs Django's
    tables must be imported inside the block.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tollbook.config.settings")
    with _ledger():
        django.setup()
        set_up_logging(settings.LOGGING)
        try:
            yield
        except OperationalError as error:
            raise Unavailable(f"the database does not answer: {error}") from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
            raise Unavailable("the book has no tables yet: run `tollbook migrate`") from error


def _ledger() -> AbstractContextManager[object]:
    if os.environ.get("DATABASE_URL"):
        return nullcontext()
    return running_embedded_postgres(home_folder())
