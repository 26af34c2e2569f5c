"""Reads of the catalogue, which is the same for everybody who may read at all.

List prices are no secret between those who hold a key; what a client has agreed to is, and lies in
``contracts``.
"""

from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, JSONObject

from tollbook.catalog.models import (
    CalcRule,
    Country,
    Currency,
    Price,
    PriceStage,
    Product,
    Region,
    StatisticRegion,
)
from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import NotFound

CatalogueRow = TypeVar(
    "CatalogueRow", CalcRule, Country, Currency, Product, Region, StatisticRegion
)


def visible_catalogue(_viewer: Viewer, table: type[CatalogueRow]) -> QuerySet[CatalogueRow]:
    """All rows of a table of the catalogue."""
    return table._default_manager.all()  # noqa: SLF001


def find_in_catalogue(viewer: Viewer, table: type[CatalogueRow], key: int | str) -> CatalogueRow:
    """The row under its primary key; ``NotFound`` where there is none."""
    row = visible_catalogue(viewer, table).filter(pk=key).first()
    if row is None:
        raise NotFound("There is no such object.", field="id")
    return row


def visible_plan_contents(_viewer: Viewer) -> QuerySet[Price]:
    """Every priced plan item, once for each currency, with all that belongs to it in one query.

    Stages and regions come as JSON beside the row; ``stages_of`` and ``regions_of`` read them.
    """
    item = "plan_item__"
    return Price.objects.select_related(
        "currency",
        f"{item}plan__product__category",
        f"{item}feature__metric",
        f"{item}calc_rule",
        f"{item}unit",
        f"{item}rounding_rule__unit",
    ).annotate(stage_rows=_STAGES, region_rows=_REGIONS)


def stages_of(price: Any) -> list[PriceStage]:
    """The stages of a price of ``visible_plan_contents``, lowest first."""
    return [
        PriceStage(threshold=Decimal(row["threshold"]), money_value=Decimal(row["money_value"]))
        for row in price.stage_rows
    ]


def regions_of(price: Any) -> list[StatisticRegion]:
    """The regions of a price of ``visible_plan_contents``, by number."""
    return [StatisticRegion(**row) for row in price.region_rows]


_STAGES = ArraySubquery(
    PriceStage.objects.filter(price=OuterRef("pk"))
    .order_by("threshold")
    .values(
        row=JSONObject(
            threshold=Cast("threshold", TextField()), money_value=Cast("money_value", TextField())
        )
    )
)
_REGIONS = ArraySubquery(
    StatisticRegion.objects.filter(planitem=OuterRef("plan_item"))
    .order_by("pk")
    .values(row=JSONObject(id="id", name_en="name_en", ext_name="ext_name"))
)
