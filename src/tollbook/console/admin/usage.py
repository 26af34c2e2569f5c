"""The files of the lake: which there are, and what they hold; written by imports alone."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.table import Table
from tollbook.usage.models import KnownRecords, UsageSegment


class UsageSegmentTable(Table):
    """What each import brought for a day."""

    icon = "water_drop"
    list_display = ("day", "key", "rows", "file_task", "created_at")
    ordering = ("-day", "-id")
    number_fields = ("id",)
    uuid_fields = ("file_task",)
    search_fields = ("key",)


class KnownRecordsTable(Table):
    """Which records an import knows again."""

    icon = "fingerprint"
    list_display = ("key", "records", "created_at")
    ordering = ("-id",)
    number_fields = ("id",)
    search_fields = ("key",)


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    UsageSegment: UsageSegmentTable,
    KnownRecords: KnownRecordsTable,
}
