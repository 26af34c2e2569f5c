"""Facts of expenses added up: by PostgreSQL in the ledger, by the engine in segments."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
from django.conf import settings
from django.db.models import Count, DateField, Max, Sum
from django.db.models.functions import Cast, TruncMonth

from tollbook.engine.engine import Source
from tollbook.engine.opening import open_engine
from tollbook.expenses.segments import open_expense_segments
from tollbook.expenses.services.loading import EXPENSE_SCHEMA
from tollbook.reports.expense_facts.asked import AskedExpenses
from tollbook.reports.expense_facts.counted import outside
from tollbook.reports.expense_facts.places import Places
from tollbook.reports.expense_facts.reading import typed
from tollbook.reports.snapshot import Snapshot
from tollbook.results.columns import MONEY, TIMESTAMP

NEWEST: Final = "newest"
_COUNT: Final = "expenses"
_SUMS: Final = {
    "usage_sum": "usage",
    "money_sum": "money_value",
    "discount_sum": "discount_value",
    "tax_sum": "tax_value",
}
_MONTH: Final = "month"
_OF_LEDGER: Final = Cast(TruncMonth("for_date"), DateField())
_OF_SEGMENTS: Final = "CAST(date_trunc('month', for_date) AS date)"
_ADDED: Final = """
WITH added AS (
    SELECT {inner_keys}, count(*) AS expenses, {inner_sums}, max(created_at) AS newest
    FROM segments WHERE {condition} GROUP BY {grouped}
    UNION ALL SELECT {keys}, expenses, {sums}, newest FROM ledger
)
SELECT {keys}, CAST(sum(expenses) AS bigint) AS expenses, {outer_sums}, max(newest) AS newest
FROM added GROUP BY {keys} ORDER BY {keys}
"""


def is_added(fact: str) -> bool:
    """Whether the fact is a sum or a count, not what is told apart."""
    return fact == _COUNT or fact in _SUMS


def read_groups(
    asked: AskedExpenses, places: Places, facts: Sequence[str], snapshot: Snapshot
) -> Iterator[pa.RecordBatch]:
    """``facts`` of the groups, and when the newest of each was written, in the order of the keys.

    The facts that are not added up are the keys. PostgreSQL and the engine add exactly; an amount
    that none can hold is an error of theirs.
    """
    keys = [fact for fact in facts if not is_added(fact)]
    schema = _schema([*keys, _COUNT, *_SUMS, NEWEST])
    ledger = (typed(batch, schema) for batch in snapshot.batches(_query(asked, places, keys)))
    if not places.segments:
        yield from ledger
        return
    sources: dict[str, Source] = {
        "ledger": pa.Table.from_batches(ledger, schema),
        "segments": open_expense_segments([segment.key for segment in places.segments]),
    }
    if places.clients is not None:
        sources["clients"] = pa.table({"id": places.clients})
    sql = _sql(keys, asked.in_sql(clients=places.clients is not None))
    engine = open_engine(settings.ENGINE_URL, check=snapshot.check)
    with engine.running_query(sql, sources=sources) as reader:
        for batch in reader:
            yield pa.RecordBatch.from_arrays(
                [
                    array.cast(field.type)
                    for array, field in zip(batch.columns, schema, strict=True)
                ],
                schema=schema,
            )


def _schema(facts: Sequence[str]) -> pa.Schema:
    types = {_MONTH: pa.date32(), _COUNT: pa.int64(), NEWEST: TIMESTAMP} | dict.fromkeys(
        _SUMS, MONEY
    )
    return pa.schema([(fact, types.get(fact) or EXPENSE_SCHEMA.field(fact).type) for fact in facts])


def _query(asked: AskedExpenses, places: Places, keys: Sequence[str]) -> Any:
    expenses = outside(asked, places)
    if _MONTH in keys:
        expenses = expenses.annotate(**{_MONTH: _OF_LEDGER})
    sums = {name: Sum(column) for name, column in _SUMS.items()}
    added = {_COUNT: Count("id"), **sums, NEWEST: Max("created_at")}
    grouped = expenses.order_by().values(*keys).annotate(**added).order_by(*keys)
    return grouped.values_list(*keys, *added)


def _sql(keys: Sequence[str], condition: str) -> str:
    inner = {key: _OF_SEGMENTS if key == _MONTH else key for key in keys}
    return _ADDED.format(
        keys=", ".join(keys),
        condition=condition,
        inner_keys=", ".join(f"{sql} AS {key}" for key, sql in inner.items()),
        grouped=", ".join(inner.values()),
        sums=", ".join(_SUMS),
        inner_sums=", ".join(f"sum({column}) AS {name}" for name, column in _SUMS.items()),
        outer_sums=", ".join(f"CAST(sum({name}) AS decimal(38, 12)) AS {name}" for name in _SUMS),
    )
