"""What the table of expenses holds already."""

from django.db import connection

from tollbook.kernel.periods import DateRange, months_of

_PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'expenses_expense'::regclass
"""


def has_month_partition(days: DateRange) -> bool:
    """Whether any month that ``days`` touches has its partition."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        names = {name for (name,) in cursor.fetchall()}
    return any(f"expenses_expense_{month.start:%Y_%m}" in names for month in months_of(days))
