"""Usage expenses of days that the lake knows nothing of: rating did not write them, and they stay.

They came into the ledger in another way, such as with a book that was kept elsewhere before.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any, Final

import polars as pl
import pyarrow as pa
from django.db import connection

from tollbook.expenses.pricing.tables import MEASURED_SCHEMA
from tollbook.kernel.periods import DateRange

_TAKEN_OUT: Final = """changes.removed AND expense.kind = 'usage'
    AND expense.id = changes.old_id AND expense.for_date = changes.old_for_date
    AND expense.for_date >= %(start)s AND expense.for_date < %(end)s"""
_ANY: Final = f"""
SELECT EXISTS (
    SELECT FROM expenses_changes AS changes, expenses_expense AS expense WHERE {_TAKEN_OUT}
)
"""  # noqa: S608
_OPEN: Final = """
CREATE TEMPORARY TABLE expenses_measured (
    client_id integer, feature_id integer, region_id integer, for_date date
) ON COMMIT DROP
"""
_COPY: Final = (
    f"COPY expenses_measured ({', '.join(MEASURED_SCHEMA.names)}) FROM STDIN (FORMAT csv)"
)
_LEAVE: Final = f"""
DELETE FROM expenses_changes AS changes USING expenses_expense AS expense
WHERE {_TAKEN_OUT} AND NOT EXISTS (
    SELECT FROM expenses_measured AS measured
    WHERE measured.client_id = expense.client_id AND measured.feature_id = expense.feature_id
        AND measured.region_id = expense.region_id AND measured.for_date = expense.for_date
)
"""  # noqa: S608


def leave_unmeasured(days: DateRange, measured: Callable[[], Iterable[pa.RecordBatch]]) -> None:
    """Let what a run would take out stay where nothing was measured.

    ``measured`` gives ``MEASURED_SCHEMA``, and is asked only where something would be taken out;
    the ledger is busy while the batches come.
    """
    asked: dict[str, Any] = {"start": days.start, "end": days.end}
    with connection.cursor() as cursor:
        cursor.execute(_ANY, asked)
        if cursor.fetchone() == (False,):
            return
        cursor.execute(_OPEN)
        places = measured()
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            for batch in places:
                text = io.BytesIO()
                pl.DataFrame(batch).write_csv(text, include_header=False)
                copy.write(text.getvalue())
        cursor.execute("ANALYZE expenses_measured")
        cursor.execute(_LEAVE, asked)
