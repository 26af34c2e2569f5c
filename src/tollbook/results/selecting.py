"""The numbers of the rows that are wanted of a result, found by DuckDB in flat memory."""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from tollbook.engine.duck import DuckEngine
from tollbook.engine.sources import NumberedFile
from tollbook.results.conditions import Condition, Order, columns_of, numbers_sql
from tollbook.results.result_file import ResultFile

_ENGINE: Final = DuckEngine(memory_limit="160MB", threads=2)


def select_rows(
    result: ResultFile,
    conditions: Sequence[Condition],
    orders: Sequence[Order],
    *,
    path: str | None,
    limit: int | None = None,
) -> Iterator[pa.Array]:
    """Row numbers, from 0, in the order asked for; ties are in the result's own order.

    ``path`` is where DuckDB finds the file itself; elsewhere Arrow reads the columns for it.
    """
    sql = numbers_sql(conditions, orders, limit=limit)
    source = NumberedFile(path) if path else result.numbered(columns_of(conditions, orders))
    with _ENGINE.running_query(sql, sources={"result": source}) as reader:
        for batch in reader:
            yield batch.column(0)
