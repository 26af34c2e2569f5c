"""What should be, put into a table of the transaction by COPY, so that SQL can compare it."""

import io
from collections.abc import Iterable
from typing import Final

import polars as pl
import pyarrow as pa
from django.db import connection

from tollbook.expenses.pricing.tables import RATED_SCHEMA
from tollbook.expenses.rules import ExpenseKind

_OPEN: Final = """
CREATE TEMPORARY TABLE expenses_due (
    kind varchar(16), line_id bigint, region_id integer, for_date date,
    period_start timestamptz, period_end timestamptz, usage numeric(38, 12),
    rated numeric(38, 12), discount_id integer, discount_value numeric(38, 12),
    money_value numeric(38, 12), tax_rate numeric(5, 2), tax_value numeric(38, 12)
) ON COMMIT DROP
"""
_ROOM: Final = (
    "DROP TABLE IF EXISTS pg_temp.expenses_due, pg_temp.expenses_changes, pg_temp.expenses_measured"
)
_COPY: Final = "COPY expenses_due ({}) FROM STDIN (FORMAT csv)"


def open_due() -> None:
    """Make the table, empty; it goes with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL client_min_messages = warning")
        cursor.execute(_ROOM)
        cursor.execute(_OPEN)


def add_due(kind: ExpenseKind, batches: Iterable[pa.RecordBatch]) -> None:
    """Add rows of ``RATED_SCHEMA``; nothing at rest is touched."""
    statement = _COPY.format(", ".join(("kind", *RATED_SCHEMA.names)))
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for batch in batches:
            text = io.BytesIO()
            rows = pl.DataFrame(batch).select(pl.lit(kind.value).alias("kind"), pl.all())
            rows.write_csv(text, include_header=False)
            copy.write(text.getvalue())


def analyze_due() -> None:
    """Let the planner know how much there is."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE expenses_due")
