"""A list of nested expenses as one writes it with Django REST framework."""

from typing import Any

from django.db import models
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer

from tollbook.api.access import ApiKeyAuthentication
from tollbook.catalog.models import (
    Currency,
    Feature,
    Plan,
    PlanItem,
    Product,
    ProductCategory,
    StatisticRegion,
)
from tollbook.clients.models import Client
from tollbook.contracts.models import Addendum, Discount
from tollbook.expenses.models import Expense


def _nested(table: type[models.Model], *names: str, **renamed: str) -> Any:
    """A ModelSerializer of some fields; ``renamed`` go out under other names."""
    own: dict[str, Any] = {
        name: serializers.CharField(source=source) for name, source in renamed.items()
    }
    own["Meta"] = type("Meta", (), {"model": table, "fields": [*names, *renamed]})
    return type(f"{table.__name__}Serializer", (serializers.ModelSerializer,), own)()


class _ActiveRange(serializers.Serializer[Addendum]):
    start = serializers.DateTimeField(source="active_from")
    end = serializers.DateTimeField(source="active_to")


class _AddendumSerializer(serializers.ModelSerializer[Addendum]):
    active_range = _ActiveRange(source="*")

    class Meta:
        model = Addendum
        fields = ("id", "active_range", "status")


class _Period(serializers.Serializer[Expense]):
    start = serializers.DateTimeField(source="period_start")
    end = serializers.DateTimeField(source="period_end")


class _Usage(serializers.Serializer[Expense]):
    amount = serializers.DecimalField(source="usage", max_digits=38, decimal_places=12)
    unit_name = serializers.CharField(source="unit.name")


class ExpenseSerializer(serializers.ModelSerializer[Expense]):
    """What ``/expenses`` answers, field by field."""

    client = _nested(Client, "id", "company_name")
    period_range = _Period(source="*")
    currency = _nested(Currency, "id", "char_code", "symbol")
    usage = _Usage(source="*")
    metric_ext_name = serializers.CharField(source="metric.ext_name")
    region = _nested(StatisticRegion, "id", name="name_en", external_name="ext_name")
    discount = _nested(Discount, "id", "relative_value", "comment")
    product_category = _nested(ProductCategory, "id", "name")
    product = _nested(Product, "id", "internal_name", name="name_en")
    addendum = _AddendumSerializer()
    plan = _nested(Plan, "id", "name")
    feature = _nested(Feature, "id", "name", "erp_sku_id")
    subscription = serializers.CharField(source="subscription_id")
    plan_item = _nested(PlanItem, "id", "default", "comment", "description")

    class Meta:
        model = Expense
        fields = (
            "id",
            "client_id",
            "payer_id",
            "client",
            "comment",
            "for_date",
            "period_range",
            "calc_rule_type",
            "currency",
            "money_value",
            "tax_value",
            "tax_rate",
            "usage",
            "metric_ext_name",
            "region",
            "discount_value",
            "discount",
            "deleted",
            "description",
            "product_category",
            "product",
            "addendum",
            "plan",
            "feature",
            "subscription",
            "plan_item",
        )


RELATIONS = (
    "client",
    "currency",
    "metric",
    "unit",
    "region",
    "discount",
    "product_category",
    "product",
    "addendum",
    "plan",
    "feature",
    "plan_item",
)


class Pagination(LimitOffsetPagination):
    """``limit`` and ``offset``, with the count."""

    max_limit = 100


class PrefetchedExpenses(ListAPIView[Expense]):
    """Related objects by a query for each table."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    pagination_class = Pagination
    serializer_class = ExpenseSerializer

    def get_queryset(self) -> QuerySet[Expense]:
        """All expenses by day and number."""
        return Expense.objects.order_by("for_date", "id").prefetch_related(*RELATIONS)


class JoinedExpenses(PrefetchedExpenses):
    """Related objects by joins."""

    def get_queryset(self) -> QuerySet[Expense]:
        """All expenses by day and number."""
        return Expense.objects.order_by("for_date", "id").select_related(*RELATIONS)
