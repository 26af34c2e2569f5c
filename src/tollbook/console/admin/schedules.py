"""Schedules and their runs: only looked at; the API and `tollbook schedule` change them."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Table
from tollbook.schedules.models import Run, Schedule


class ScheduleTable(Table):
    """What is asked for, and when."""

    icon = "schedule"
    list_display = ("name", "id", "kind", "user", "cron", "time_zone", "enabled", "next_run_at")
    list_select_related = ("user",)
    list_filter = (one_of("kind"), one_of("target"), some("reseller"), some("user"), "enabled")
    search_fields = ("name", "template", "user__email")


class RunTable(Table):
    """What became of each time."""

    icon = "event_available"
    menu_title = "Schedule runs"
    list_display = ("id", "schedule", "fire_at", "status", "by_hand", "exported_key", "settled_at")
    list_select_related = ("schedule",)
    list_filter = (one_of("state"), some("schedule"), "by_hand")
    search_fields = ("schedule__name", "exported_key", "error")
    uuid_fields = ("file_task_uuid", "delivery_id")

    @column(
        "state",
        ordering="state",
        label={"Completed": "success", "Failed": "danger", "Pending": "info"},
    )
    def status(self, run: Run) -> str:
        """Where it stands."""
        return run.state


TABLES: Final[Mapping[type[Model], type[Table]]] = {Schedule: ScheduleTable, Run: RunTable}
