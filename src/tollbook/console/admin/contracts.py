"""What clients have agreed to: addendums, subscriptions, discounts and trials."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Model

from tollbook.console.admin.filters import one_of, some
from tollbook.console.admin.table import Rows, Table
from tollbook.contracts.models import (
    Addendum,
    Discount,
    Stop,
    Subscription,
    Trial,
    TrialOption,
    TrialOptionType,
    TrialRange,
)

TERMS_WARNING: Final = (
    "Changed terms count for what is rated from now on. What has been rated keeps its amounts "
    "until it is rated again. The change is written into the audit."
)


class SpanForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it
    """A span must not end before it begins."""

    def clean(self) -> dict[str, Any]:
        """Check the two ends."""
        told = super().clean() or {}
        start = told.get("active_from", self.instance.active_from)
        end = told.get("active_to")
        if start and end and end < start:
            self.add_error("active_to", "It ends before it begins.")
        return told


class ClientAddendums(Rows):
    """The contracts of a client."""

    model = Addendum
    fields = ("id", "plan", "currency", "status", "active_from", "active_to")
    readonly_fields = fields


class Subscriptions(Rows):
    """The activated items of an addendum."""

    model = Subscription
    fields = ("id", "plan_item", "quantity", "active_from", "active_to")
    readonly_fields = fields


class Discounts(Rows):
    """The discounts of an addendum."""

    model = Discount
    fields = ("id", "relative_value", "comment", "active_from", "active_to")
    readonly_fields = fields


class AddendumTable(Table):
    """Clients' contracts on plans."""

    icon = "contract"
    can_add = can_change = True
    form = SpanForm
    list_display = ("id", "client", "plan", "currency", "status", "active_from", "active_to")
    list_display_links = ("id", "client")
    list_select_related = ("client", "plan", "currency")
    list_filter = (one_of("status"), some("client"), some("plan"), some("currency"))
    search_fields = ("client__company_name", "plan__name")
    number_fields = ("pk", "client_id")
    readonly_fields = ("id", "created_at")
    fixed_fields = ("client", "plan", "currency")
    inlines = (Subscriptions, Discounts)
    fieldsets = (
        (None, {"fields": (("id", "client"), ("plan", "currency"))}),
        (
            "Terms",
            {
                "fields": ("status", ("active_from", "active_to")),
                "description": TERMS_WARNING,
            },
        ),
        ("Record", {"fields": ("created_at",)}),
    )


class SubscriptionForm(SpanForm):
    """The plan item must be one of the addendum's plan."""

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        told = super().clean()
        addendum, item = told.get("addendum"), told.get("plan_item")
        if addendum and item and addendum.plan_id != item.plan_id:
            self.add_error("plan_item", "This item belongs to another plan than the addendum.")
        return told


class SubscriptionTable(Table):
    """Activated plan items."""

    icon = "subscriptions"
    can_add = can_change = True
    form = SubscriptionForm
    not_negative = ("quantity",)
    list_display = ("id", "addendum", "plan_item", "quantity", "active_from", "active_to")
    list_select_related = (
        "addendum__client",
        "addendum__plan",
        "plan_item__plan",
        "plan_item__feature",
    )
    list_filter = (some("addendum__client"), some("addendum"), some("plan_item"))
    search_fields = ("addendum__client__company_name", "plan_item__feature__name")
    number_fields = ("pk", "addendum_id")
    fixed_fields = ("addendum", "plan_item", "active_from")
    fieldsets = (
        (None, {"fields": (("addendum", "plan_item"),)}),
        (
            "Terms",
            {"fields": ("quantity", ("active_from", "active_to")), "description": TERMS_WARNING},
        ),
    )


class DiscountTable(Table):
    """Percentages off; they end, they do not vanish."""

    icon = "percent"
    can_add = can_change = True
    form = SpanForm
    list_display = ("id", "addendum", "relative_value", "comment", "active_from", "active_to")
    list_select_related = ("addendum__client", "addendum__plan")
    list_filter = (some("addendum__client"), some("addendum"))
    search_fields = ("addendum__client__company_name", "comment")
    number_fields = ("pk", "addendum_id")
    fixed_fields = ("addendum",)
    fieldsets = (
        (None, {"fields": ("addendum", "comment")}),
        (
            "Terms",
            {
                "fields": ("relative_value", ("active_from", "active_to")),
                "description": TERMS_WARNING,
            },
        ),
    )


class TrialOptionTypeTable(Table):
    """What trials may limit."""

    icon = "tune"
    can_add = can_change = True
    list_display = ("internal_name", "name", "product", "feature", "unit", "is_limit")
    list_select_related = ("product", "feature", "unit")
    list_filter = (some("product"), "is_limit")
    search_fields = ("internal_name", "name")
    number_fields = ()
    fields = (("internal_name", "name"), ("product", "feature"), "unit", "is_limit", "description")
    fixed_fields = ("internal_name", "product", "feature", "unit")


class TrialOptionForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know it
    """The option must be one of the trial's product."""

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        told = super().clean() or {}
        trial = told.get("trial") or (self.instance.trial if self.instance.trial_id else None)
        option_type = told.get("option_type")
        if trial and option_type and option_type.product_id != trial.product_id:
            self.add_error("option_type", "This option belongs to another product than the trial.")
        return told


class TrialOptions(Rows):
    """What a trial gives."""

    model = TrialOption
    form = TrialOptionForm
    fields = ("option_type", "value", "used_value")
    readonly_fields = fields


class TrialRanges(Rows):
    """When a trial ran."""

    model = TrialRange
    fields = ("active_from", "active_to")
    readonly_fields = fields


class TrialTable(Table):
    """Free use for a while; without a client, what a new client is offered."""

    icon = "redeem"
    can_add = can_change = True
    list_display = ("id", "product", "client", "plan", "days_limit", "is_trial_skipped")
    list_display_links = ("id", "product")
    list_select_related = ("product", "client", "plan")
    list_filter = (some("product"), some("client"), "is_trial_skipped")
    search_fields = ("client__company_name", "product__name_en")
    number_fields = ("pk", "client_id")
    readonly_fields = ("created_at",)
    fields = (("client", "product"), "plan", "days_limit", "is_trial_skipped", "created_at")
    fixed_fields = ("client", "product")
    inlines = (TrialOptions, TrialRanges)


class TrialRangeTable(Table):
    """When trials ran: history, which trials themselves write."""

    icon = "date_range"
    list_display = ("id", "trial", "active_from", "active_to")
    list_select_related = ("trial__product", "trial__client")
    list_filter = (some("trial__client"), some("trial__product"))
    search_fields = ("trial__client__company_name", "trial__product__name_en")
    number_fields = ("pk", "trial_id")


class TrialOptionTable(Table):
    """How much each trial gives; what was used is counted, not typed."""

    icon = "data_usage"
    can_add = can_change = True
    form = TrialOptionForm
    list_display = ("id", "trial", "option_type", "value", "used_value")
    list_select_related = ("trial__product", "trial__client", "option_type")
    list_filter = (some("trial__client"), some("option_type"))
    search_fields = ("trial__client__company_name", "option_type__name")
    number_fields = ("pk", "trial_id")
    fields = (("trial", "option_type"), "value", "used_value")
    readonly_fields = ("used_value",)
    fixed_fields = ("trial", "option_type")


class StopTable(Table):
    """Subscriptions that a piece of work ended."""

    icon = "block"
    list_display = ("id", "subscription", "ended_at", "before", "file_task", "created_at")
    search_fields = ("subscription__addendum__client__company_name",)
    list_select_related = ("subscription",)
    number_fields = ("pk", "subscription_id")
    uuid_fields = ("file_task",)
    ordering = ("-id",)


TABLES: Final[Mapping[type[Model], type[Table]]] = {
    Addendum: AddendumTable,
    Subscription: SubscriptionTable,
    Stop: StopTable,
    Discount: DiscountTable,
    Trial: TrialTable,
    TrialOption: TrialOptionTable,
    TrialRange: TrialRangeTable,
    TrialOptionType: TrialOptionTypeTable,
}
