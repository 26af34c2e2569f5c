"""A small lake beside the small book: usage records whose every amount is known."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from tests.reports.book import Book
from tollbook.clients.models import Client
from tollbook.filetasks.results import result_store
from tollbook.usage.models import UsageSegment
from tollbook.usage.records import USAGE_SCHEMA


@dataclass(frozen=True)
class Used:
    """One usage record as the lake holds it."""

    record_id: str
    client_id: int
    feature_id: int
    region_id: int
    addendum_id: int | None
    resource_id: str | None
    period_start: datetime
    period_end: datetime
    amount: Decimal


def used(
    book: Book,
    client: Client,
    moment: datetime,
    amount: str,
    *,
    item: str = "CDN",
    region: str = "Europe",
    addendum_id: int | None = None,
    resource: str | None = None,
) -> Used:
    """What ``client`` used in the hour from ``moment`` on."""
    return Used(
        str(uuid4()),
        client.pk,
        book.items[item].feature_id,
        book.regions[region].pk,
        addendum_id,
        resource,
        moment,
        moment + timedelta(hours=1),
        Decimal(amount),
    )


def some_usage(book: Book) -> list[Used]:
    """Two months of three clients of two resellers, some hours, products and resources."""
    start = datetime(2026, 9, 29, tzinfo=UTC)
    return [
        used(
            book,
            (book.fjord, book.brook, book.sand)[number % 3],
            start + timedelta(hours=7 * number, minutes=number % 7),
            f"{number}.{number:012d}",
            item=("CDN", "Storage")[number // 2 % 2],
            region=("Europe", "Asia")[number // 3 % 2],
            resource=(None, "=1+1", "zone Ø")[number // 5 % 3],
        )
        for number in range(60)
    ]


def fill_lake(records: list[Used]) -> None:
    """Write the records as an import leaves them: a file for each day, each named by a row."""
    by_day: dict[date, list[Used]] = defaultdict(list)
    for record in records:
        by_day[record.period_start.date()].append(record)
    for day, of_day in sorted(by_day.items()):
        task, store = uuid4(), result_store()
        key = f"lake/usage/day={day}/{task}.parquet"
        table = pa.Table.from_pylist([vars(record) for record in of_day], schema=USAGE_SCHEMA)
        with store.writing(key) as file:
            pq.write_table(table, file)
        UsageSegment.objects.create(
            day=day, key=key, rows=len(of_day), digest=task.hex * 2, file_task=task
        )
