"""The room as a Django app."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Keeps changes of the audited tables, in every process."""

    name = "tollbook.console"
    label = "console"

    def ready(self) -> None:
        """Every table is known now."""
        from tollbook.console.audit import keep_changes  # noqa: PLC0415  needs the tables

        keep_changes()
