"""The table of expenses, partitioned by month in PostgreSQL.

The table is made by SQL in the first migration: its real primary key is ``(id, for_date)``. It has
no foreign keys in the database: checking eleven of them for each of millions of loaded rows costs
more than the load; what writes expenses reads those ids in the same transaction (see
docs/decisions/0005-expenses-are-partitioned-facts.md).
"""

from typing import Any, Final

from django.db import models
from django.db.models.functions import Now

from tollbook.catalog.models import (
    Currency,
    Feature,
    Metric,
    Plan,
    PlanItem,
    Product,
    ProductCategory,
    StatisticRegion,
    Unit,
)
from tollbook.catalog.rules import CalcRuleType
from tollbook.clients.models import Client, Payer, Reseller
from tollbook.contracts.models import Addendum, Discount, Subscription
from tollbook.expenses.rules import ExpenseKind, MonthStatus

_AMOUNT: Final[dict[str, Any]] = {"max_digits": 38, "decimal_places": 12}
_FACT: Final[dict[str, Any]] = {
    "on_delete": models.PROTECT,
    "db_constraint": False,
    "db_index": False,
    "related_name": "+",
}


class Expense(models.Model):
    """One rated amount with its origin; ``money_value`` is after discount and before tax.

    ``for_date`` is the day it counts for, ``period_start``/``period_end`` when the service was
    used, half-open. A revision that was replaced stays, ``deleted``, with the reason.
    """

    id = models.BigAutoField(primary_key=True)
    reseller = models.ForeignKey(Reseller, **_FACT)
    client = models.ForeignKey(Client, **_FACT)
    payer = models.ForeignKey(Payer, **_FACT)
    addendum = models.ForeignKey(Addendum, **_FACT)
    subscription = models.ForeignKey(Subscription, null=True, **_FACT)
    plan = models.ForeignKey(Plan, **_FACT)
    plan_item = models.ForeignKey(PlanItem, **_FACT)
    product = models.ForeignKey(Product, **_FACT)
    product_category = models.ForeignKey(ProductCategory, **_FACT)
    feature = models.ForeignKey(Feature, **_FACT)
    metric = models.ForeignKey(Metric, **_FACT)
    region = models.ForeignKey(StatisticRegion, **_FACT)
    unit = models.ForeignKey(Unit, **_FACT)
    currency = models.ForeignKey(Currency, **_FACT)
    discount = models.ForeignKey(Discount, null=True, **_FACT)
    calc_rule_type = models.CharField(max_length=16, choices=CalcRuleType.choices)
    kind = models.CharField(max_length=16, choices=ExpenseKind.choices, default=ExpenseKind.USAGE)
    revision = models.PositiveIntegerField(default=1)
    for_date = models.DateField()
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    usage = models.DecimalField(**_AMOUNT)
    money_value = models.DecimalField(**_AMOUNT)
    discount_value = models.DecimalField(**_AMOUNT, default=0)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    tax_value = models.DecimalField(**_AMOUNT, default=0)
    deleted = models.BooleanField(default=False)
    reason = models.CharField(max_length=1000, null=True, blank=True)
    comment = models.CharField(max_length=1000, null=True, blank=True)
    description = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.id}: {self.money_value} for {self.for_date}"


class DayCount(models.Model):
    """How many expenses a statement added to a day of a reseller, or took away from it.

    Triggers of the table of expenses write these; the sum of a day's rows is its number of
    expenses as the transaction sees them. ``fold_counts`` adds old ones up.
    """

    id = models.BigAutoField(primary_key=True)
    for_date = models.DateField()
    reseller_id = models.IntegerField()
    deleted = models.BooleanField()
    expenses = models.BigIntegerField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.expenses:+} on {self.for_date}"


class MonthState(models.Model):
    """Where a reseller's month stands; a month without a row is open.

    ``segment_key`` and ``segment_digest`` are of the sealed file of a closed month's expenses.
    """

    id = models.BigAutoField(primary_key=True)
    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="months")
    month = models.DateField()
    status = models.CharField(
        max_length=8, choices=MonthStatus.choices, default=MonthStatus.OPEN, editable=False
    )
    closed_at = models.DateTimeField(null=True, editable=False)
    segment_key = models.CharField(max_length=255, null=True, unique=True, editable=False)
    segment_digest = models.CharField(max_length=64, null=True, editable=False)

    class Meta:
        ordering = ("month", "reseller")
        constraints = (
            models.UniqueConstraint(fields=("reseller", "month"), name="month_state_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=MonthStatus.values), name="month_status"
            ),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="month_state_is_of_its_first_day"
            ),
            models.CheckConstraint(
                name="month_is_closed_at_a_moment",
                condition=models.Q(status=MonthStatus.CLOSED, closed_at__isnull=False)
                | ~models.Q(status=MonthStatus.CLOSED) & models.Q(closed_at=None),
            ),
            models.CheckConstraint(
                name="month_is_sealed_once_closed",
                condition=models.Q(segment_key=None, segment_digest=None)
                | models.Q(
                    status=MonthStatus.CLOSED,
                    segment_key__isnull=False,
                    segment_digest__isnull=False,
                    segment_digest__regex=r"^[0-9a-f]{64}$",
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} of {self.reseller}"


class RatedCorrection(models.Model):
    """A correction that a rating run posted, and for which closed month.

    ``expense_id`` names an expense of kind ``correction``; what has no row here was written by
    people and is none of rating's business.
    """

    expense_id = models.BigIntegerField(primary_key=True)
    month = models.DateField()
    reseller_id = models.IntegerField()

    class Meta:
        ordering = ("expense_id",)
        indexes = (models.Index(fields=("month", "reseller_id"), name="rated_correction_of_month"),)

    def __str__(self) -> str:
        return f"{self.expense_id} corrects {self.month:%Y-%m}"


class ProductCount(models.Model):
    """The same, apart for each product, its category and the currency of its expenses."""

    id = models.BigAutoField(primary_key=True)
    for_date = models.DateField()
    reseller_id = models.IntegerField()
    deleted = models.BooleanField()
    product_id = models.IntegerField()
    product_category_id = models.IntegerField()
    currency_id = models.IntegerField()
    expenses = models.BigIntegerField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.expenses:+} of product {self.product_id} on {self.for_date}"


class PartMark(models.Model):
    """A random number for a statement that changed a table whose rows stand inside expenses.

    Triggers write these, and add old ones up; the sum tells what changes a transaction sees.
    """

    id = models.BigAutoField(primary_key=True)
    mark = models.DecimalField(max_digits=38, decimal_places=0)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.mark)
