"""Writing many expenses at once: partitions for their months, and rows by COPY."""

import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import polars as pl
import pyarrow as pa
from django.db import connection, transaction

from tollbook.kernel.errors import InvalidInput
from tollbook.kernel.periods import DateRange, months_of

_AMOUNT: Final = pa.decimal128(38, 12)
_MOMENT: Final = pa.timestamp("us", tz="UTC")
EXPENSE_SCHEMA: Final = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        pa.field("reseller_id", pa.int32(), nullable=False),
        pa.field("client_id", pa.int32(), nullable=False),
        pa.field("payer_id", pa.int32(), nullable=False),
        pa.field("addendum_id", pa.int32(), nullable=False),
        pa.field("subscription_id", pa.int64()),
        pa.field("plan_id", pa.int32(), nullable=False),
        pa.field("plan_item_id", pa.int32(), nullable=False),
        pa.field("product_id", pa.int32(), nullable=False),
        pa.field("product_category_id", pa.int32(), nullable=False),
        pa.field("feature_id", pa.int32(), nullable=False),
        pa.field("metric_id", pa.int32(), nullable=False),
        pa.field("region_id", pa.int32(), nullable=False),
        pa.field("unit_id", pa.int32(), nullable=False),
        pa.field("currency_id", pa.int32(), nullable=False),
        pa.field("discount_id", pa.int32()),
        pa.field("calc_rule_type", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("revision", pa.int32(), nullable=False),
        pa.field("for_date", pa.date32(), nullable=False),
        pa.field("period_start", _MOMENT, nullable=False),
        pa.field("period_end", _MOMENT, nullable=False),
        pa.field("usage", _AMOUNT, nullable=False),
        pa.field("money_value", _AMOUNT, nullable=False),
        pa.field("discount_value", _AMOUNT, nullable=False),
        pa.field("tax_rate", pa.decimal128(5, 2), nullable=False),
        pa.field("tax_value", _AMOUNT, nullable=False),
        pa.field("deleted", pa.bool_(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("comment", pa.string()),
        pa.field("description", pa.string(), nullable=False),
        pa.field("created_at", _MOMENT, nullable=False),
    ]
)
"""The columns that ``load_expenses`` takes, in this order, ids included; no float among them."""

_COUNTS: Final = {
    "expenses_daycount": "for_date, reseller_id, deleted",
    "expenses_productcount": (
        "for_date, reseller_id, deleted, product_id, product_category_id, currency_id"
    ),
}
"""Tables of counts, and what each counts apart."""

_FOLD: Final = """
WITH folded AS (
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE ({keys}) IN (
            SELECT {keys} FROM {table} GROUP BY {keys} HAVING count(*) > 1 OR sum(expenses) = 0
        ) FOR UPDATE SKIP LOCKED
    ) RETURNING {keys}, expenses
)
INSERT INTO {table} ({keys}, expenses)
SELECT {keys}, sum(expenses) FROM folded GROUP BY {keys} HAVING sum(expenses) <> 0
"""
_COUNT: Final = """
INSERT INTO {table} ({keys}, expenses)
SELECT {keys}, count(*) FROM expenses_loading GROUP BY {keys}
"""
_COPY: Final = "COPY {} ({}) FROM STDIN (FORMAT csv)"
_PARTITION: Final = """
CREATE TABLE {unless_there} expenses_expense_{month.start:%Y_%m} PARTITION OF {parent}
FOR VALUES FROM ('{month.start}') TO ('{month.end}')
"""
_BARE: Final = """
CREATE TABLE expenses_loading (LIKE expenses_expense INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
PARTITION BY RANGE (for_date)
"""
_DETACH: Final = (
    "ALTER TABLE expenses_loading DETACH PARTITION expenses_expense_{month.start:%Y_%m}"
)
_ATTACH: Final = """
ALTER TABLE expenses_expense ATTACH PARTITION expenses_expense_{month.start:%Y_%m}
FOR VALUES FROM ('{month.start}') TO ('{month.end}')
"""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('expenses_expense partitions'))"
_AFTER_LARGEST_ID: Final = """
SELECT setval(
    pg_get_serial_sequence('expenses_expense', 'id'),
    greatest((SELECT max(id) FROM expenses_expense), 1)
)
"""


def ensure_month_partitions(days: DateRange) -> None:
    """Make the partitions of all months that ``days`` touches; safe at once and again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        for month in months_of(days):
            cursor.execute(
                _PARTITION.format(
                    month=month, parent="expenses_expense", unless_there="IF NOT EXISTS"
                )
            )


def load_expenses(
    batches: Iterable[pa.RecordBatch], progress: Callable[[int], None] = lambda _: None
) -> int:
    """Append rows of ``EXPENSE_SCHEMA`` by COPY in one transaction; returns how many.

    The partitions must be there. ``progress`` hears the rows sent so far. Later rows get ids past
    the largest that was loaded.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        loaded = _copy("expenses_expense", batches, progress)
        fold_counts()
        cursor.execute(_AFTER_LARGEST_ID)
    return loaded


def fold_counts() -> None:
    """Add up the changes of each day, so that counting stays fast; safe at once and again."""
    with connection.cursor() as cursor:
        for table, keys in _COUNTS.items():
            cursor.execute(_FOLD.format(table=table, keys=keys))


def load_new_months(
    days: DateRange,
    batches: Iterable[pa.RecordBatch],
    *,
    on_rows: Callable[[int], None] = lambda _: None,
    on_month: Callable[[DateRange], None] = lambda _: None,
) -> int:
    """Fill months that have no partition yet: rows first, indexes after, month by month.

    As ``load_expenses``, in two thirds of the database's time. ``on_month`` hears each month that
    is ready.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute(_BARE)
        for month in months_of(days):
            cursor.execute(
                _PARTITION.format(month=month, parent="expenses_loading", unless_there="")
            )
        loaded = _copy("expenses_loading", batches, on_rows)
        for table, keys in _COUNTS.items():
            cursor.execute(_COUNT.format(table=table, keys=keys))
        for month in months_of(days):
            cursor.execute(_DETACH.format(month=month))
            cursor.execute(_ATTACH.format(month=month))
            on_month(month)
        cursor.execute("DROP TABLE expenses_loading")
        cursor.execute(_AFTER_LARGEST_ID)
    return loaded


def _copy(table: str, batches: Iterable[pa.RecordBatch], progress: Callable[[int], None]) -> int:
    """Send the rows, the next batch being written as text while the database takes this one."""
    statement = _COPY.format(table, ", ".join(EXPENSE_SCHEMA.names))
    loaded = 0
    with (
        ThreadPoolExecutor(1) as writer,
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        texts = iter(batches)
        ahead = writer.submit(_next_text, texts)
        while (ready := ahead.result()) is not None:
            ahead = writer.submit(_next_text, texts)
            rows, text = ready
            copy.write(text)
            loaded += rows
            progress(loaded)
    return loaded


def _next_text(batches: Iterator[pa.RecordBatch]) -> tuple[int, bytes] | None:
    batch = next(batches, None)
    if batch is None:
        return None
    if not batch.schema.equals(EXPENSE_SCHEMA):
        raise InvalidInput(f"expenses are loaded as {EXPENSE_SCHEMA}, not as {batch.schema}")
    text = io.BytesIO()
    pl.DataFrame(batch).write_csv(text, include_header=False)
    return batch.num_rows, text.getvalue()
