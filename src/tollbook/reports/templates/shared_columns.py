"""Ids, names and columns that several templates make the same way."""

from typing import Any, Final

import pyarrow as pa
from django.db.models import QuerySet

from tollbook.catalog.models import (
    Currency,
    Feature,
    Metric,
    Plan,
    Product,
    ProductCategory,
    StatisticRegion,
    Unit,
)
from tollbook.clients.models import Payer
from tollbook.clients.selectors import visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.reports.dataset import Made, NameQuery
from tollbook.results.columns import MONEY, Column


def client_names(viewer: Viewer) -> QuerySet[Any, Any]:
    """Company names of the clients that the viewer may know of."""
    return visible_clients(viewer).values_list("id", "company_name")


def payer_names(viewer: Viewer) -> QuerySet[Any, Any]:
    """Company names of the payers of such clients."""
    payers = Payer.objects.filter(clients__in=visible_clients(viewer)).distinct()
    return payers.values_list("id", "company_name")


def plan_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of plans."""
    return Plan.objects.values_list("id", "name")


def product_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of products."""
    return Product.objects.values_list("id", "name_en")


def category_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of product categories."""
    return ProductCategory.objects.values_list("id", "name")


def feature_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of features."""
    return Feature.objects.values_list("id", "name")


def region_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of statistic regions, as clients see them."""
    return StatisticRegion.objects.values_list("id", "ext_name")


def unit_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of units."""
    return Unit.objects.values_list("id", "name")


def currency_codes(_viewer: Viewer) -> QuerySet[Any, Any]:
    """ISO 4217 codes of currencies."""
    return Currency.objects.values_list("id", "char_code")


def metric_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of metrics, as clients see them."""
    return Metric.objects.values_list("id", "ext_name")


def metric_unit_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of the units of metrics, by metric."""
    return Metric.objects.values_list("id", "unit__name")


def feature_metric_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of metrics, by feature."""
    return Feature.objects.values_list("id", "metric__ext_name")


def fact(key: str, header: str, data_type: pa.DataType, description: str, *, of: str = "") -> Made:
    """A column that holds the fact ``of``, or the one of its own name, as it is."""
    return Made(Column(key, header, data_type, description), (of or key,))


def name(key: str, header: str, id_fact: str, names: NameQuery, description: str) -> Made:
    """A column of the names that belong to an id."""
    return Made(Column(key, header, pa.string(), description), (id_fact,), names)


def money(key: str, header: str, facts: tuple[str, ...], description: str) -> Made:
    """An amount, or the sum of two."""
    return Made(Column(key, header, MONEY, description), facts)


RESELLER_ID: Final = fact(
    "reseller_id", "Reseller ID", pa.int32(), "The reseller that the client belongs to."
)
CLIENT_NAME: Final = name(
    "client_name", "Client", "client_id", client_names, "The client's company name."
)
PRODUCT_ID: Final = fact(
    "product_id", "Product ID", pa.int32(), "The product; what the parameter product_id takes."
)
PRODUCT_NAME: Final = name(
    "product_name", "Product", "product_id", product_names, "The product's name."
)
