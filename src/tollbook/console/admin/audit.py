"""The audit: who changed what, and failed logins; only looked at."""

from collections.abc import Mapping
from typing import Any, Final

from auditlog.models import LogEntry
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.db.models import Model
from django.utils.html import format_html, format_html_join

from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Table
from tollbook.console.models import LoginFailures

_SHOWN: Final = 3
_LONGEST: Final = 60


class LogEntryTable(Table):
    """Every change of a table that can be changed, with its author."""

    icon = "history"
    menu_title = "Changes"
    list_display = ("timestamp", "who", "kind", "content_type", "object_repr", "in_short")
    list_select_related = ("actor", "content_type")
    list_filter = (
        one_of("action"),
        ("content_type", RelatedOnlyFieldListFilter),
        some("actor"),
    )
    search_fields = ("object_repr", "actor_email", "cid")
    search_help_text = "What was changed, an author's e-mail address, a number, or a request id"
    number_fields = ("object_id",)
    ordering = ("-timestamp", "-id")
    sortable_by = ("timestamp",)
    fields = (
        ("timestamp", "who"),
        ("kind", "content_type"),
        ("object_repr", "object_pk"),
        "changed",
        ("remote_addr", "cid"),
    )
    readonly_fields = ("who", "kind", "changed")

    @column("who")
    def who(self, entry: LogEntry) -> str:
        """The author; a command of the server itself has none."""
        return author_of(entry)

    @column(
        "what",
        ordering="action",
        label={"create": "success", "update": "info", "delete": "danger"},
    )
    def kind(self, entry: LogEntry) -> str:
        """Made, changed or deleted."""
        return str(entry.get_action_display())

    @column("change")
    def in_short(self, entry: LogEntry) -> str:
        """The first columns that changed."""
        return in_short(entry)

    @column("changes")
    def changed(self, entry: LogEntry) -> str:
        """Every column that changed."""
        rows = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", changes_of(entry))
        head = "<tr><th>Column</th><th>Before</th><th>After</th></tr>"
        return format_html('<table class="console-changes">' + head + "{}</table>", rows)


class LoginFailuresTable(Table):
    """Wrong passwords; after ten an address waits for a minute."""

    icon = "lock"
    list_display = ("email", "failures", "last_at")
    search_fields = ("email",)
    number_fields = ()


def author_of(entry: LogEntry) -> str:
    """Whose change it was; a command of the server itself has no author."""
    return str(entry.actor or entry.actor_email or "the server's own command")


def in_short(entry: LogEntry) -> str:
    """The first columns that changed."""
    changes = changes_of(entry)
    told = [f"{name}: {old} → {new}" for name, old, new in changes[:_SHOWN]]
    return "; ".join([*told, "…"] if len(changes) > _SHOWN else told)


def changes_of(entry: LogEntry) -> list[tuple[str, str, str]]:
    """Column, before and after."""
    return [
        (column, _short(change[0]), _short(change[1]))
        if isinstance(change, list)
        else (column, "", f"{change['operation']}: {', '.join(change['objects'])}")
        for column, change in (entry.changes or {}).items()
    ]


def _short(value: Any) -> str:
    text = "–" if value in {None, "None"} else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    LogEntry: LogEntryTable,
    LoginFailures: LoginFailuresTable,
}
