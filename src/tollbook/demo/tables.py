"""Writing ready rows with numbers of their own, and what is numbered after them."""

from collections.abc import Sequence
from typing import Final

import polars as pl
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models

_ROOMS: Final = ("clients", "catalog", "contracts", "invoicing", "erp")


def write_rows(rows: Sequence[models.Model]) -> None:
    """Insert rows of one table as they are, ids included."""
    type(rows[0])._default_manager.bulk_create(rows, batch_size=2_000)  # noqa: SLF001


def copy_frame(model: type[models.Model], frame: pl.DataFrame) -> None:
    """Append a frame, whose columns are named as those of the table, by COPY."""
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    table = model._meta.db_table  # noqa: SLF001
    statement = f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)'
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        copy.write(frame.write_csv(include_header=False))


def restart_numbers(*, last_account_id: int) -> None:
    """Make every number that is given from now on larger than those of the book."""
    numbered = [model for room in _ROOMS for model in apps.get_app_config(room).get_models()]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), numbered):
            cursor.execute(statement)
        cursor.execute("SELECT setval('account_id', %s)", [last_account_id])
