"""``/statistics/regions``: where usage is counted."""

from typing import Final

from django.db.models import QuerySet

from tollbook.api.filters import Filter, any_of, field
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import INTEGER, TEXT
from tollbook.api.ordering import Ordering
from tollbook.api.paths import read_id
from tollbook.api.shapes import INTEGER_SCHEMA, UUID_SCHEMA, Field, Shape, nullable, plain, text
from tollbook.api.views import ListView
from tollbook.catalog.models import StatisticRegion
from tollbook.catalog.selectors import find_in_catalogue, visible_catalogue
from tollbook.clients.viewer import Viewer

TAG: Final = "statistic-regions"
_NAME: Final = {"type": "string", "maxLength": 255}

STATISTIC_REGION: Final = Shape(
    "StatisticRegionForOrgSerializerV1",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field("uuid", UUID_SCHEMA, text("uuid"), "Its name for programs, over all books."),
        Field("int_name", _NAME, plain("int_name"), "Its name for programs."),
        Field("ext_name", _NAME, plain("ext_name"), "Its name as clients see it."),
        Field("name_en", nullable(_NAME), plain("name_en"), "Its English name."),
        Field(
            "product",
            nullable(INTEGER_SCHEMA),
            plain("product_id"),
            "The product that counts there; null where all do.",
        ),
    ),
    "A region in which usage is counted.",
    {
        "id": 52,
        "uuid": "38afecef-3645-5d80-a87d-d019277b914b",
        "int_name": "fra-1",
        "ext_name": "Frankfurt am Main",
        "name_en": "Frankfurt",
        "product": 5,
    },
)


class StatisticRegions(ListView):
    """The list of regions in which usage is counted."""

    shape = STATISTIC_REGION
    filters = (
        Filter(
            "product_id",
            INTEGER,
            any_of("product_id"),
            "Only those of one of these products' own.",
            several=True,
        ),
        Filter(
            "product_name",
            TEXT,
            field("product__name_en__icontains"),
            "The name of the product whose own it is contains this, in any case.",
        ),
    )
    ordering = Ordering(
        {name: name for name in ("ext_name", "id", "int_name", "name_en")}
        | {"product": "product_id"},
        default=("id",),
        key="id",
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[StatisticRegion]:
        """All regions in which usage is counted."""
        return visible_catalogue(viewer, StatisticRegion)


class StatisticRegionItem(ItemView):
    """One region in which usage is counted."""

    shape = STATISTIC_REGION
    operations = read_operation(
        STATISTIC_REGION,
        "v1_statistics_regions_retrieve",
        TAG,
        "Read a statistic region",
        "One region in which usage is counted, by its number.",
    )

    def find(self, text: str) -> StatisticRegion:
        """The region."""
        return find_in_catalogue(self.viewer, StatisticRegion, read_id(text))


StatisticRegions.operations = list_operation(
    StatisticRegions,
    "v1_statistics_regions_list",
    TAG,
    "List statistic regions",
    "The regions in which usage is counted and priced, by number where no order is asked.",
    mistake={"product_id": ["This is no whole number."]},
)
