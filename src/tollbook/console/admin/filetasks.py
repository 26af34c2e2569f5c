"""Background work: only looked at, its status has one owner."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Table
from tollbook.filetasks.models import FileTask


class FileTaskTable(Table):
    """One row for each piece of work."""

    icon = "pending_actions"
    list_display = (
        "uuid",
        "task_type",
        "template",
        "state",
        "user",
        "client_id",
        "result_rows",
        "created_at",
        "finished_at",
    )
    list_select_related = ("user",)
    list_filter = (one_of("status"), one_of("task_type"), some("user"), some("reseller"))
    search_fields = ("template", "user__email")
    number_fields = ("client_id",)
    uuid_fields = ("pk",)
    exclude = ("request_digest",)

    @column(
        "status",
        ordering="status",
        label={
            "Completed": "success",
            "Failed": "danger",
            "Cancelled": "warning",
            "InProgress": "info",
        },
    )
    def state(self, task: FileTask) -> str:
        """Where it stands."""
        return task.status


TABLES: Final[Mapping[type[Model], type[Table]]] = {FileTask: FileTaskTable}
