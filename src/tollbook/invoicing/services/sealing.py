"""The sealed segment of a closed month: all its expenses in one Parquet file, and its digest.

The same rows always give the same bytes, whoever writes them and however often.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from django.db import connection

from tollbook.expenses.segments import segment_digest
from tollbook.expenses.services import EXPENSE_SCHEMA
from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange

_ROW_GROUP: Final = 16_384
_COPY: Final = """
COPY (
    SELECT {columns} FROM expenses_expense
    WHERE reseller_id = {reseller:d} AND for_date = '{day}' ORDER BY id
) TO STDOUT (FORMAT csv)
"""
_READ: Final = pc.ReadOptions(use_threads=False, column_names=EXPENSE_SCHEMA.names)
_CONVERT: Final = pc.ConvertOptions(
    column_types=EXPENSE_SCHEMA,
    strings_can_be_null=True,
    quoted_strings_can_be_null=False,
    null_values=[""],
    true_values=["t"],
    false_values=["f"],
)
_PARSE: Final = pc.ParseOptions(newlines_in_values=True)


@dataclass(frozen=True)
class Segment:
    """A sealed file: its key in the store, and the SHA-256 of its bytes."""

    key: str
    digest: str


def seal_month(*, reseller_id: int, month: DateRange) -> Segment:
    """Write the expenses of the reseller's month, replaced revisions among them, day by day."""
    key = f"segments/expenses/{reseller_id}/{month.start:%Y-%m}.parquet"
    store = result_store()
    with (
        store.writing(key) as file,
        pq.ParquetWriter(file, EXPENSE_SCHEMA, compression="zstd") as writer,
    ):
        for day in month:
            for table in _rows_of(reseller_id, day):
                writer.write_table(table, row_group_size=_ROW_GROUP)
    return Segment(key, segment_digest(key))


def _rows_of(reseller_id: int, day: date) -> Iterator[pa.Table]:
    """The day's rows, if any, some at a time; in the time zone of the ledger's session: UTC."""
    columns = ", ".join(_column(field) for field in EXPENSE_SCHEMA)
    statement = _COPY.format(columns=columns, reseller=reseller_id, day=day)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        rows = iter(copy)
        while lines := b"".join(islice(rows, _ROW_GROUP)):
            yield _table(lines)


def _table(lines: bytes) -> pa.Table:
    table = pc.read_csv(
        pa.BufferReader(lines),
        read_options=_READ,
        parse_options=_PARSE,
        convert_options=_CONVERT,
    )
    return table.cast(EXPENSE_SCHEMA).combine_chunks()


def _column(field: pa.Field) -> str:
    """Moments as ISO 8601 in UTC; all else as PostgreSQL writes it."""
    if pa.types.is_timestamp(field.type):
        told = f"{field.name} AT TIME ZONE 'UTC'"
        return f"""to_char({told}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS {field.name}"""
    return str(field.name)
