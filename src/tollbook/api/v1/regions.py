"""``/regions``: parts of countries, such as states. Not those in which usage is counted."""

from typing import Final

from django.db.models import QuerySet

from tollbook.api.filters import Filter, field
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import TEXT
from tollbook.api.ordering import Ordering
from tollbook.api.paths import read_id
from tollbook.api.shapes import INTEGER_SCHEMA, TEXT_SCHEMA, Field, Shape, plain
from tollbook.api.views import ListView
from tollbook.catalog.models import Region
from tollbook.catalog.selectors import find_in_catalogue, visible_catalogue
from tollbook.clients.viewer import Viewer

TAG: Final = "regions"

REGION: Final = Shape(
    "RegionForOrgSerializerV1",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field(
            "code",
            {"type": "string", "pattern": r"^\w{1,3}$", "maxLength": 3},
            plain("code"),
            "The second part of its ISO 3166-2 code; unique in its country.",
        ),
        Field(
            "name", {"type": "string", "maxLength": 255}, plain("name"), "Its name as it is there."
        ),
        Field("country_id", TEXT_SCHEMA, plain("country_id"), "The `code` of its country."),
    ),
    "A part of a country.",
    {"id": 18, "code": "CT", "name": "Catalunya [Cataluña]", "country_id": "ES"},
)


class Regions(ListView):
    """The list of parts of countries."""

    shape = REGION
    filters = (
        Filter("country_id", TEXT, field("country_id"), "Only of the country of this code."),
    )
    ordering = Ordering(
        {name: name for name in ("code", "country_id", "name")}, default=("id",), key="id"
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Region]:
        """All parts of all countries."""
        return visible_catalogue(viewer, Region)


class RegionItem(ItemView):
    """One part of a country."""

    shape = REGION
    operations = read_operation(
        REGION, "v1_regions_retrieve", TAG, "Read a region", "One part of a country by its number."
    )

    def find(self, text: str) -> Region:
        """The region."""
        return find_in_catalogue(self.viewer, Region, read_id(text))


Regions.operations = list_operation(
    Regions,
    "v1_regions_list",
    TAG,
    "List regions",
    "States, provinces and the like of countries, by number where no order is asked.",
    mistake={"country_id": ["This is given more than once."]},
)
