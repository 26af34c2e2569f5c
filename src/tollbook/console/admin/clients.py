"""Resellers, their payers, clients and users, and API keys."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import EmptyFieldListFilter, action
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join

from tollbook.clients.models import ApiKey, Client, Payer, Reseller, User
from tollbook.clients.rules import Role
from tollbook.clients.services import revoke_api_key
from tollbook.console.admin.columns import column
from tollbook.console.admin.contracts import ClientAddendums
from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Rows, Table
from tollbook.erp.models import ErpInvoice
from tollbook.expenses.models import Expense

TAX_WARNING: Final = (
    "The tax rate counts for what is rated from now on. What has been rated or invoiced keeps "
    "the rate that it was made with."
)


class ResellerTable(Table):
    """Companies that sell to clients of their own."""

    icon = "storefront"
    can_add = can_change = True
    list_display = ("company_name", "id", "created_at")
    fields = ("id", "company_name", "created_at")
    readonly_fields = ("id", "created_at")
    search_fields = ("company_name",)


class PayerTable(Table):
    """Who is invoiced, and at which tax rate."""

    icon = "payments"
    can_add = can_change = True
    list_display = ("company_name", "id", "reseller", "tax_number", "tax_rate", "created_at")
    list_select_related = ("reseller",)
    list_filter = (some("reseller"),)
    search_fields = ("company_name", "tax_number")
    readonly_fields = ("id", "created_at")
    fixed_fields = ("reseller",)
    fieldsets = (
        (None, {"fields": (("id", "reseller"), "company_name", "address", "tax_number")}),
        ("Tax", {"fields": ("tax_rate",), "description": TAX_WARNING}),
        ("Record", {"fields": ("created_at",)}),
    )


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it
    """Payer and seller must be of the client's reseller."""

    def clean(self) -> dict[str, Any]:
        """Check who belongs to whom."""
        told = super().clean() or {}
        reseller_id = _id_of(told.get("reseller")) or self.instance.reseller_id
        payer, seller = told.get("payer"), told.get("seller")
        if payer and payer.reseller_id != reseller_id:
            self.add_error("payer", "This payer belongs to another reseller.")
        if seller and (seller.role not in _SELLING or seller.reseller_id != reseller_id):
            self.add_error("seller", "This is no seller of the client's reseller.")
        return told


class ClientTable(Table):
    """Companies that use the services."""

    icon = "apartment"
    can_add = can_change = True
    form = ClientForm
    list_display = ("company_name", "id", "reseller", "payer", "seller", "created_at")
    list_select_related = ("reseller", "payer", "seller")
    list_filter = (some("reseller"), some("seller"))
    search_fields = ("company_name",)
    readonly_fields = ("id", "created_at", "more")
    inlines = (ClientAddendums,)
    fieldsets = (
        (None, {"fields": (("id", "reseller"), "company_name", ("payer", "seller"))}),
        ("Record", {"fields": ("created_at", "more")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """A client with expenses, invoices or users stays with its reseller."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "reseller") if isinstance(obj, Client) and _is_bound(obj) else fields

    @column("See also")
    def more(self, client: Client) -> str:
        """Ways to what the client has."""
        if client._state.adding:  # noqa: SLF001
            return "–"
        return format_html_join(
            " · ",
            '<a class="text-primary-600 dark:text-primary-500" href="{}?{}">{}</a>',
            (
                (reverse(f"admin:{table}_changelist"), f"client__id__exact={client.pk}{more}", name)
                for table, more, name in _SEE_ALSO
            ),
        )


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it
    """A user belongs where the role says, and each e-mail address to one user."""

    def clean_email(self) -> str:
        """In any case of letters."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("A user with this e-mail address is known already.")
        return email

    def clean(self) -> dict[str, Any]:
        """Hold account and role together."""
        told = super().clean() or {}
        role = told.get("role", self.instance.role)
        reseller, client = told.get("reseller"), told.get("client")
        if role == Role.OPERATOR:
            self._refuse(reseller=reseller, client=client, reason="An operator belongs to nobody.")
        elif told.get("is_staff"):
            self.add_error("is_staff", "Only operators may use this site.")
        if role in {Role.ADMIN, Role.SELLER}:
            self._refuse(client=client, reason="Only a client's user belongs to a client.")
            if not reseller and "reseller" not in self.errors:
                self.add_error("reseller", "Say which reseller the user belongs to.")
        if role == Role.CLIENT and "client" not in self.errors:
            self._check_client(reseller, client)
        return told

    def _refuse(self, *, reason: str, **accounts: Model | None) -> None:
        for field, account in accounts.items():
            if account is not None:
                self.add_error(field, reason)

    def _check_client(self, reseller: Reseller | None, client: Client | None) -> None:
        if client is None:
            self.add_error("client", "Say which client the user belongs to.")
        elif reseller is None:
            self.add_error("reseller", "Say which reseller the client belongs to.")
        elif client.reseller_id != reseller.pk:
            self.add_error("client", "This client belongs to another reseller.")


class UserKeys(Rows):
    """The keys of a user."""

    model = ApiKey
    verbose_name_plural = "API keys"
    fields = ("id", "label", "created_at", "expires_at", "revoked_at", "last_used_at")
    readonly_fields = fields


class UserTable(Table):
    """People and programs; nobody is deleted, who left is made inactive."""

    icon = "person"
    can_add = can_change = True
    form = UserForm
    list_display = ("email", "role", "reseller", "client", "is_active", "is_staff", "last_login")
    list_select_related = ("reseller", "client")
    list_filter = (one_of("role"), "is_active", "is_staff", some("reseller"))
    search_fields = ("email", "first_name", "last_name")
    secret_fields = ("password",)
    readonly_fields = ("last_login", "date_joined")
    inlines = (UserKeys,)
    fieldsets = (
        (None, {"fields": ("email", ("first_name", "last_name"))}),
        ("Belongs to", {"fields": ("role", ("reseller", "client"))}),
        (
            "Access",
            {
                "fields": (("is_active", "is_staff"),),
                "description": "Keys of a user who is not active are refused. Staff may use this "
                "site, with a password that `tollbook operators password` sets.",
            },
        ),
        ("Record", {"fields": (("last_login", "date_joined"),)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Nobody shuts themselves out."""
        own = obj is not None and obj.pk == request.user.pk
        shut = ("role", "reseller", "client", "is_active", "is_staff") if own else ()
        return (*super().get_readonly_fields(request, obj), *shut)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new user has no password."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


class ApiKeyTable(Table):
    """Keys are made by `tollbook keys new`, which shows the secret once; here they are revoked."""

    icon = "key"
    menu_title = "API keys"
    list_display = ("id", "user", "label", "state", "created_at", "expires_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = (some("user"), one_of("user__role"), ("revoked_at", EmptyFieldListFilter))
    search_fields = ("user__email", "label")
    secret_fields = ("secret_hash",)
    fields = (
        ("id", "state"),
        ("user", "label"),
        ("created_at", "expires_at"),
        ("last_used_at", "revoked_at"),
    )
    readonly_fields = ("state",)
    actions = ("revoke",)

    @column(
        "State",
        label={"live": "success", "revoked": "danger", "expired": "warning"},
    )
    def state(self, key: ApiKey) -> str:
        """Whether the key is taken."""
        return key_state(key, now=datetime.now(UTC))

    @action(description="Revoke, at once and for ever")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Make the chosen keys useless."""
        live = [key.pk for key in keys if key.revoked_at is None]
        for number in live:
            revoke_api_key(key_id=number, now=datetime.now(UTC))
        messages.success(
            request, f"Revoked {len(live)} of the chosen keys; the others were already."
        )


def key_state(key: ApiKey, *, now: datetime) -> str:
    """One word on whether the server would take the key."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "live" if key.user.is_active else "user inactive"


def _is_bound(client: Client) -> bool:
    return (
        Expense.objects.filter(client_id=client.pk).exists()
        or ErpInvoice.objects.filter(client_id=client.pk).exists()
        or User.objects.filter(client_id=client.pk).exists()
    )


def _id_of(reseller: Reseller | None) -> int | None:
    return None if reseller is None else reseller.pk


_SEE_ALSO: Final = (
    ("expenses_expense", "&month=all", "Expenses"),
    ("erp_erpinvoice", "", "Invoices"),
    ("credits_operation", "", "Credits"),
    ("contracts_trial", "", "Trials"),
)
_SELLING: Final = frozenset({Role.ADMIN, Role.SELLER})

TABLES: Final[Mapping[type[Model], type[Table]]] = {
    Reseller: ResellerTable,
    Client: ClientTable,
    Payer: PayerTable,
    User: UserTable,
    ApiKey: ApiKeyTable,
}
