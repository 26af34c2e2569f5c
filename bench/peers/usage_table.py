"""Usage records in a table, read and checked row by row: what a team would write by hand."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.db import connection, models, transaction

from tollbook.catalog.models import Feature, StatisticRegion
from tollbook.clients.models import Client
from tollbook.usage.records import USAGE_SCHEMA

_BATCH: Final = 5_000
_MOMENT: Final = timedelta(microseconds=1)


class PeerUsage(models.Model):
    """The columns of the lake as a table."""

    record_id = models.CharField(max_length=128, primary_key=True)
    client_id = models.IntegerField()
    feature_id = models.IntegerField()
    region_id = models.IntegerField()
    addendum_id = models.IntegerField(null=True)
    resource_id = models.CharField(max_length=255, null=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    amount = models.DecimalField(max_digits=38, decimal_places=12)

    class Meta:
        app_label = "usage"
        managed = False
        db_table = "bench_usage"

    def __str__(self) -> str:
        return self.record_id


def make_table() -> None:
    """An empty table."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_usage")
    with connection.schema_editor() as editor:
        editor.create_model(PeerUsage)


def bulk_create_rows(file: Path) -> int:
    """Through Django's models, in one transaction."""
    names = _Names.read()
    rows = (
        PeerUsage(**dict(zip(USAGE_SCHEMA.names, row, strict=True)))
        for row in _checked(file, names)
    )
    with transaction.atomic():
        while batch := list(islice(rows, _BATCH)):
            PeerUsage.objects.bulk_create(batch)
    return PeerUsage.objects.count()


def copy_rows(file: Path) -> int:
    """By psycopg's COPY."""
    rows = _checked(file, _Names.read())
    statement = f"COPY bench_usage ({', '.join(USAGE_SCHEMA.names)}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
    return PeerUsage.objects.count()


@dataclass(frozen=True)
class _Names:
    """What the names in the file mean."""

    clients: set[int]
    features: dict[str, int]
    regions: dict[str, int]

    @classmethod
    def read(cls) -> "_Names":
        """From the book."""
        return cls(
            set(Client.objects.values_list("pk", flat=True)),
            dict(Feature.objects.values_list("internal_name", "pk")),
            dict(StatisticRegion.objects.values_list("int_name", "pk")),
        )


def _checked(file: Path, names: _Names) -> Iterator[tuple[Any, ...]]:
    """The rows with ids in the place of names; the first mistake ends it."""
    with file.open(newline="", encoding="utf-8") as source:
        for row in csv.DictReader(source):
            start, end = (
                datetime.fromisoformat(row[f"period_{side}"]) for side in ("start", "end")
            )
            amount, client = Decimal(row["amount"]), int(row["client_id"])
            wrong = start >= end or start.date() != (end - _MOMENT).date()
            if wrong or amount < 0 or client not in names.clients or not row["record_id"]:
                raise ValueError(row)
            ids = names.features[row["feature"]], names.regions[row["region"]]
            yield (row["record_id"], client, *ids, None, None, start, end, amount)
