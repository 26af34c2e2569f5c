"""What every table of the admin site has in common: nobody changes what is not named."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError
from django.db.models import Field, ForeignKey, ManyToManyField, Model, Q, QuerySet
from django.forms import TypedChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin, TabularInline

from tollbook.console.admin.choices import RowChoice, RowsChoice
from tollbook.console.admin.paging import BoundedPaginator
from tollbook.console.audit import AUDITED
from tollbook.console.rules import may_enter

_LARGEST: Final = 2**63 - 1
_REFUSED: Final = "Nothing was saved: the book refused it, since something else changed meanwhile."


class Permitted:
    """Operators see everything, and do what the table says; nobody else comes so far."""

    can_add: ClassVar[bool] = False
    can_change: ClassVar[bool] = False
    can_delete_row: ClassVar[bool] = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is shown in the menu."""
        return may_enter(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows can be looked at."""
        return may_enter(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether there may be new rows."""
        return self.can_add and may_enter(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows may be changed."""
        return self.can_change and may_enter(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows may go; almost nothing that the book knows may."""
        return self.can_delete_row and may_enter(request.user)

    def get_autocomplete_fields(self, request: HttpRequest) -> Sequence[str]:
        """Other rows are found by typing: no page holds a list of all clients."""
        fields = (*self.opts.fields, *self.opts.many_to_many)  # type: ignore[attr-defined]
        return [field.name for field in fields if field.remote_field and field.editable]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **told: Any
    ) -> Any:
        """Ask for another row."""
        told.setdefault("widget", RowChoice(db_field, self.admin_site))  # type: ignore[attr-defined]
        return super().formfield_for_foreignkey(db_field, request, **told)  # type: ignore[misc]

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **told: Any
    ) -> Any:
        """Ask for other rows."""
        told.setdefault("widget", RowsChoice(db_field, self.admin_site))  # type: ignore[attr-defined]
        return super().formfield_for_manytomany(db_field, request, **told)  # type: ignore[misc]


class Table(Permitted, ModelAdmin):  # type: ignore[misc]  # the library has no types
    """A table of the book."""

    icon: ClassVar[str] = "table"
    menu_title: ClassVar[str] = ""
    fixed_fields: ClassVar[tuple[str, ...]] = ()
    """What can only be said when the row is made."""
    number_fields: ClassVar[tuple[str, ...]] = ("pk",)
    uuid_fields: ClassVar[tuple[str, ...]] = ()
    """What a number, or a UUID, in the search box may be, besides the text in ``search_fields``."""
    secret_fields: ClassVar[tuple[str, ...]] = ()
    """What no list can be filtered by, lest it be found out letter by letter."""

    not_negative: ClassVar[tuple[str, ...]] = ()
    """Numbers that make no sense below nought: the form says so at the field itself."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    list_fullwidth = True
    warn_unsaved_form = True
    compressed_fields = True
    empty_value_display = "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """A row's fixed fields are shown, not asked for."""
        fixed = self.fixed_fields if obj is not None else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def get_fieldsets(
        self, request: HttpRequest, obj: Model | None = None
    ) -> list[tuple[str | None, dict[str, Any]]]:
        """What only a row that is there can show is left out of the page of a new one."""
        fieldsets: list[tuple[str | None, dict[str, Any]]] = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        asked = [
            (title, {**told, "fields": _without(self.readonly_fields, told["fields"])})
            for title, told in fieldsets
        ]
        return [(title, told) for title, told in asked if told["fields"]]

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Sequence[type[Any]]:
        """What belongs to a row comes after the row."""
        return () if obj is None else super().get_inlines(request, obj)

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **told: Any
    ) -> Any:
        """Ask for the column's value."""
        if db_field.name in self.not_negative:
            told["min_value"] = 0
        return super().formfield_for_dbfield(db_field, request, **told)

    def formfield_for_choice_field(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **told: Any
    ) -> TypedChoiceField:
        """No role or status is chosen before somebody chooses it."""
        if not db_field.has_default():
            empty = [("", "Select value")]
            told["choices"] = db_field.get_choices(include_blank=True, blank_choice=empty)
        field: TypedChoiceField = super().formfield_for_choice_field(db_field, request, **told)
        return field

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether the address of a list may filter by this."""
        if lookup.partition("__")[0] in self.secret_fields:
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows that hold the text, or have the number."""
        if "\x00" in search_term:
            return queryset.none(), False
        found, doubled = super().get_search_results(request, queryset, search_term)
        exact = self._exactly(search_term.strip())
        if exact and not self.search_fields:
            return queryset.filter(exact), False
        if exact:
            found = found | queryset.filter(exact)
        elif search_term and not self.search_fields:
            found = queryset.none()
        return found, doubled

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What only the database could refuse is told, not a failure of the page."""
        told = {**(extra_context or {}), "show_history": self.model in AUDITED}
        try:
            answer: HttpResponse = super().changeform_view(request, object_id, form_url, told)
        except IntegrityError:
            messages.error(request, _REFUSED)
            return HttpResponseRedirect(request.get_full_path())
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit tells more than the history that Django keeps."""
        kind = ContentType.objects.get_for_model(self.model)
        told = {"content_type__id__exact": str(kind.pk), "object_pk__exact": unquote(object_id)}
        return HttpResponseRedirect(
            f"{reverse('admin:auditlog_logentry_changelist')}?{urlencode(told)}"
        )

    def _exactly(self, term: str) -> Q:
        if term.isascii() and term.isdigit() and int(term) <= _LARGEST:
            return _any_of(self.number_fields, int(term))
        try:
            return _any_of(self.uuid_fields, UUID(term))
        except ValueError:
            return Q()


class Rows(Permitted, TabularInline):  # type: ignore[misc]  # the library has no types
    """Rows that belong to the one on the page; only to look at unless told otherwise."""

    extra = 0
    show_change_link = True
    fixed_fields: ClassVar[tuple[str, ...]] = ()
    """Never asked for here, neither of old rows nor of new ones."""

    @property
    def can_delete(self) -> bool:
        """Whether there is a box to tick."""
        return self.can_delete_row

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Fixed fields are shown."""
        return (*super().get_readonly_fields(request, obj), *self.fixed_fields)


def _without(names: Sequence[str], fields: Sequence[Any]) -> tuple[Any, ...]:
    """``fields``, of which some stand side by side in tuples, without ``names``."""
    rows = [field if isinstance(field, str) else _without(names, field) for field in fields]
    return tuple(row for row in rows if row and row not in names)


def _any_of(fields: tuple[str, ...], value: object) -> Q:
    return Q(*((field, value) for field in fields), _connector=Q.OR) if fields else Q()
