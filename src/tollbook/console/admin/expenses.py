"""Expenses, millions of them: only looked at, and month by month unless asked otherwise."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Max, Min, Model, Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from tollbook.clients.models import Client
from tollbook.console.admin.amounts import amount_text
from tollbook.console.admin.columns import column
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Table
from tollbook.expenses.models import (
    DayCount,
    Expense,
    MonthState,
    PartMark,
    ProductCount,
    RatedCorrection,
)
from tollbook.kernel.periods import DateRange, months_of

ALL_MONTHS: Final = "all"
_MOST: Final = 1_000


class MonthFilter(DropdownFilter):  # type: ignore[misc]  # the library has no types
    """The newest month, another one, or all of them."""

    title = "month"
    parameter_name = "month"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The months that may have expenses, the newest first."""
        self._months = {f"{month.start:%Y-%m}": month for month in _months()}
        named = [(key, f"{month.start:%B %Y}") for key, month in self._months.items()]
        return [*named, (ALL_MONTHS, "All months")] if named else []

    def value(self) -> str:
        """What was asked for, or the newest month."""
        return super().value() or next(iter(self._months), ALL_MONTHS)

    @property
    def shown(self) -> str:
        """The name of the month that is shown, for the line above the list."""
        names: dict[str, str] = dict(self.lookup_choices)
        return names.get(self.value(), "")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Expense]) -> QuerySet[Expense]:
        """The expenses of the month."""
        if self.value() == ALL_MONTHS:
            return queryset
        month = self._months.get(self.value())
        if month is None:
            raise IncorrectLookupParameters
        return queryset.filter(for_date__gte=month.start, for_date__lt=month.end)


class ExpenseTable(Table):
    """Rated amounts with their origin."""

    icon = "receipt"
    list_display = (
        "id",
        "for_date",
        "client",
        "product",
        "feature",
        "region",
        "quantity",
        "cost",
        "kind",
        "state",
    )
    list_display_links = ("id", "for_date")
    list_select_related = ("client", "product", "feature", "region", "unit", "currency")
    list_filter = (
        MonthFilter,
        some("client"),
        some("reseller"),
        some("product"),
        one_of("kind"),
        one_of("calc_rule_type"),
        "deleted",
    )
    search_fields = ("client__company_name",)
    search_help_text = "A client's name, or a number"
    number_fields = ("id", "client_id", "addendum_id")
    ordering = ("-for_date", "-id")
    sortable_by = ("for_date",)
    list_before_template = "console/shown_month.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Clients are found first, so that indexes find the expenses."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = Client.objects.filter(company_name__icontains=term).values_list("pk", flat=True)
        return queryset.filter(self._exactly(term) | Q(client_id__in=list(named[:_MOST]))), False

    @column("state", label={"counts": "success", "replaced": "warning"})
    def state(self, expense: Expense) -> str:
        """Whether it counts, or another revision took its place."""
        return "replaced" if expense.deleted else "counts"

    @column("usage")
    def quantity(self, expense: Expense) -> str:
        """How much of what."""
        return amount_text(expense.usage, expense.unit)

    @column("cost")
    def cost(self, expense: Expense) -> str:
        """After discount, before tax."""
        return amount_text(expense.money_value, expense.currency)


class DayCountTable(Table):
    """How many expenses a day has; kept by the database itself."""

    icon = "tag"
    menu_title = "Expenses a day"
    list_display = ("for_date", "reseller_id", "deleted", "expenses")
    list_filter = ("deleted",)
    ordering = ("-for_date", "-id")
    number_fields = ("reseller_id",)
    search_fields = ("for_date",)


class MonthStateTable(Table):
    """Which months are closed, with the sealed files of their expenses."""

    icon = "event_available"
    list_display = ("month", "reseller", "status", "closed_at", "segment_key")
    list_select_related = ("reseller",)
    list_filter = (some("reseller"), one_of("status"))
    ordering = ("-month", "reseller")
    number_fields = ("reseller_id",)
    search_fields = ("reseller__company_name",)


class RatedCorrectionTable(Table):
    """Which corrections rating posted itself, and for which closed month."""

    icon = "history"
    list_display = ("expense_id", "month", "reseller_id")
    ordering = ("-expense_id",)
    number_fields = ("expense_id", "reseller_id")
    search_fields = ("expense_id",)


class ProductCountTable(Table):
    """How many expenses of a product a day has; kept by the database itself."""

    icon = "tag"
    menu_title = "Expenses a day and product"
    list_display = (
        "for_date",
        "reseller_id",
        "product_id",
        "product_category_id",
        "currency_id",
        "deleted",
        "expenses",
    )
    list_filter = ("deleted",)
    ordering = ("-for_date", "-id")
    number_fields = ("reseller_id", "product_id")
    search_fields = ("for_date",)


class PartMarkTable(Table):
    """Marks of changes of what stands inside expenses; kept by the database itself."""

    icon = "fingerprint"
    menu_title = "Marks of changes"
    list_display = ("id", "mark")
    ordering = ("-id",)
    number_fields = ("id",)
    search_fields = ("mark",)


def _months() -> list[DateRange]:
    ends = Expense.objects.aggregate(first=Min("for_date"), last=Max("for_date"))
    first, last = ends["first"], ends["last"]
    if not isinstance(first, date):
        return []
    return list(months_of(DateRange(first, last + timedelta(days=1))))[::-1]


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    Expense: ExpenseTable,
    MonthState: MonthStateTable,
    RatedCorrection: RatedCorrectionTable,
    DayCount: DayCountTable,
    ProductCount: ProductCountTable,
    PartMark: PartMarkTable,
}
