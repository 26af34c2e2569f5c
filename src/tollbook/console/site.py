"""The admin site: every room's tables under its name, for operators only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import InvalidPage
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from tollbook.console.admin import (
    audit,
    catalog,
    clients,
    contracts,
    erp,
    expenses,
    filetasks,
    invoicing,
    reports,
    schedules,
    usage,
    webhooks,
)
from tollbook.console.admin import credits as credit_book
from tollbook.console.admin.table import Table
from tollbook.console.login import OperatorLoginForm
from tollbook.console.overview import figures, latest_changes
from tollbook.console.rules import may_enter


@dataclass(frozen=True)
class Section:
    """A heading of the menu with its tables."""

    title: str
    tables: Mapping[type[Model], type[Table]]


SECTIONS: Final = (
    Section("Clients", clients.TABLES),
    Section("Contracts", contracts.TABLES),
    Section("Usage", usage.TABLES),
    Section("Expenses", expenses.TABLES),
    Section("Invoices", {**invoicing.TABLES, **erp.TABLES}),
    Section("Credits", credit_book.TABLES),
    Section(
        "Background work",
        {**filetasks.TABLES, **reports.TABLES, **schedules.TABLES, **webhooks.TABLES},
    ),
    Section("Catalogue", catalog.TABLES),
    Section("Audit", audit.TABLES),
)


class OperatorSite(UnfoldAdminSite):  # type: ignore[misc]  # the library has no types
    """Django's admin site, dressed, and shut for everybody but operators."""

    site_title = site_header = "Tollbook"
    index_title = "Overview"
    login_form = OperatorLoginForm
    index_template = "console/index.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Operators only."""
        return may_enter(request.user)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The tables, under a few figures of what wants attention."""
        told = {"figures": figures(), "changes": latest_changes(), **(extra_context or {})}
        return super().index(request, told)  # type: ignore[no-any-return]

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The menu's search; a page that is none is answered so."""
        try:
            return super().search(request, extra_context)  # type: ignore[no-any-return]
        except (ValueError, InvalidPage) as error:
            raise Http404 from error

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The menu, from the same sections that the tables are registered from."""
        return [
            {
                "title": section.title,
                "separator": False,
                "collapsible": section.title != "Clients",
                "items": [_menu_item(request, *pair) for pair in section.tables.items()],
            }
            for section in SECTIONS
        ]


def open_site() -> OperatorSite:
    """The site with every table."""
    opened = OperatorSite(name="admin")
    for section in SECTIONS:
        for model, table in section.tables.items():
            opened.register(model, table)
    return opened


def _menu_item(request: HttpRequest, model: type[Model], table: type[Table]) -> dict[str, Any]:
    meta = model._meta  # noqa: SLF001
    link = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    title = str(meta.verbose_name_plural)
    return {
        "title": table.menu_title or title[:1].upper() + title[1:],
        "icon": table.icon,
        "link": link,
        "active": request.path.startswith(link),
        "has_permission": True,
    }
