"""What of closed months is ready to be put into reports; made and given up by workers alone."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.table import Table
from tollbook.reports.models import ReadyMonth


class ReadyMonthTable(Table):
    """Which months are ready, being made, or given up, and where their files lie."""

    icon = "inventory_2"
    list_display = ("month", "state", "state_since", "rows", "key")
    list_filter = ("state",)
    ordering = ("-month", "-id")
    number_fields = ("id",)
    search_fields = ("key", "sources")


TABLES: Final[Mapping[type[Model], type[Table]]] = {ReadyMonth: ReadyMonthTable}
