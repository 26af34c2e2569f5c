"""Tables of what a client has agreed to: addendums, subscriptions and discounts.

``active_from``/``active_to`` are moments, half-open; an empty end is open.
"""

from django.db import models
from django.db.models.functions import Now

from tollbook.catalog.models import Currency, Feature, Plan, PlanItem, Product, Unit
from tollbook.clients.models import Client
from tollbook.contracts.rules import AddendumStatus, remaining_value


class Addendum(models.Model):
    """A client's contract on one plan, in one currency."""

    id = models.AutoField(primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="addendums")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT)
    status = models.CharField(max_length=10, choices=AddendumStatus.choices)
    active_from = models.DateTimeField(null=True, blank=True)
    active_to = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                name="addendum_ends_after_it_starts",
                condition=models.Q(active_to__isnull=True)
                | models.Q(active_from__isnull=True)
                | models.Q(active_to__gte=models.F("active_from")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.id}: {self.client} on {self.plan}"


class Subscription(models.Model):
    """One activated plan item of an addendum; ``quantity`` is the commit, in units."""

    id = models.BigAutoField(primary_key=True)
    addendum = models.ForeignKey(Addendum, on_delete=models.CASCADE, related_name="subscriptions")
    plan_item = models.ForeignKey(PlanItem, on_delete=models.PROTECT)
    quantity = models.DecimalField(max_digits=32, decimal_places=8, default=0)
    active_from = models.DateTimeField()
    active_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="subscription_quantity_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} of addendum {self.addendum_id}"


class Stop(models.Model):
    """A piece of work ended a subscription before its time; ``before`` is the end that it had."""

    id = models.BigAutoField(primary_key=True)
    file_task = models.UUIDField(db_index=True)
    """The work that did it; its own record may be gone."""
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="stops")
    ended_at = models.DateTimeField()
    before = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("file_task", "subscription"), name="stopped_once"),
        )

    def __str__(self) -> str:
        return f"{self.subscription_id} ended at {self.ended_at}"


class Discount(models.Model):
    """A percentage off every expense of an addendum while it is active."""

    id = models.AutoField(primary_key=True)
    addendum = models.ForeignKey(Addendum, on_delete=models.CASCADE, related_name="discounts")
    relative_value = models.DecimalField(max_digits=36, decimal_places=12)
    comment = models.CharField(max_length=1000, null=True, blank=True)
    active_from = models.DateTimeField(null=True, blank=True)
    active_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(relative_value__gte=0, relative_value__lte=100),
                name="discount_percent",
            ),
        )

    def __str__(self) -> str:
        return f"{self.relative_value.normalize():f} % on addendum {self.addendum_id}"


class TrialOptionType(models.Model):
    """What a trial of a product may limit, named as the published API names it."""

    internal_name = models.CharField(max_length=64, primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="trial_options")
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    description = models.CharField(max_length=1000, blank=True)
    is_limit = models.BooleanField(default=True)
    """Whether using it up ends the trial, or only what goes beyond is charged."""

    class Meta:
        ordering = ("internal_name",)

    def __str__(self) -> str:
        return self.internal_name


class Trial(models.Model):
    """Free use of a product for some days or up to a limit, whichever ends first.

    Without a client it is the product's base trial: what a new client is offered.
    """

    id = models.AutoField(primary_key=True)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="trials"
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="trials")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True)
    days_limit = models.PositiveIntegerField()
    is_trial_skipped = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("client", "product"), name="trial_once", nulls_distinct=False
            ),
        )

    def __str__(self) -> str:
        return f"{self.id}: {self.product} for {self.client or 'new clients'}"


class TrialRange(models.Model):
    """A time when a trial ran, half-open; an empty end is open."""

    id = models.AutoField(primary_key=True)
    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="ranges")
    active_from = models.DateTimeField()
    active_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("trial", "active_from")
        constraints = (
            models.CheckConstraint(
                name="trial_range_ends_after_it_starts",
                condition=models.Q(active_to=None)
                | models.Q(active_to__gte=models.F("active_from")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.active_from} to {self.active_to or 'open'}"


class TrialOption(models.Model):
    """How much of one option a trial gives, and how much of it has been used, in its unit."""

    id = models.AutoField(primary_key=True)
    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="options")
    option_type = models.ForeignKey(TrialOptionType, on_delete=models.PROTECT)
    value = models.PositiveIntegerField()
    used_value = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("trial", "option_type")
        constraints = (
            models.UniqueConstraint(fields=("trial", "option_type"), name="trial_option_once"),
        )

    def __str__(self) -> str:
        return f"{self.option_type_id}: {self.used_value} of {self.value}"

    @property
    def remaining_value(self) -> int:
        """How much of it is left."""
        return remaining_value(self.value, self.used_value)
