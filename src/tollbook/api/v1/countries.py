"""``/countries``: where clients may be, with the zone and currency that the business gives each."""

import re
from typing import Final

from django.db.models import QuerySet

from tollbook.api.filters import Filter, field
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import BOOLEAN, TEXT, one_of
from tollbook.api.ordering import Ordering
from tollbook.api.shapes import INTEGER_SCHEMA, Field, Shape, plain, words
from tollbook.api.views import ListView
from tollbook.catalog.models import Country
from tollbook.catalog.rules import CountryZone
from tollbook.catalog.selectors import find_in_catalogue, visible_catalogue
from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import NotFound

TAG: Final = "countries"
CODE_SCHEMA: Final = {"type": "string", "pattern": "^[A-Z]{2}$", "maxLength": 2}
_CODE: Final = re.compile(r"[A-Z]{2}")

COUNTRY: Final = Shape(
    "CountryForOrgSerializerV1",
    (
        Field("code", CODE_SCHEMA, plain("code"), "ISO 3166-1 code of two letters."),
        Field("name", {"type": "string", "maxLength": 255}, plain("name"), "Its English name."),
        Field(
            "zone",
            words(CountryZone),
            plain("zone"),
            "The zone that tax and prices go by; `EU` are the members of the European Union.",
        ),
        Field(
            "currency_id", INTEGER_SCHEMA, plain("currency_id"), "The currency of contracts there."
        ),
        Field(
            "disabled",
            {"type": "boolean"},
            plain("disabled"),
            "Whether no new clients are taken there.",
        ),
    ),
    "A country.",
    {"code": "FI", "name": "Finland", "zone": "EU", "currency_id": 2, "disabled": False},
)


class Countries(ListView):
    """The list of countries."""

    shape = COUNTRY
    filters = (
        Filter("code", TEXT, field("code"), "With this code."),
        Filter("disabled", BOOLEAN, field("disabled"), "Only closed to new clients, or only open."),
        Filter("name", TEXT, field("name__icontains"), "The name contains this, in any case."),
        Filter("zone", one_of(CountryZone), field("zone"), "Only in this zone."),
    )
    ordering = Ordering(
        {name: name for name in ("code", "name", "zone")}, default=("code",), key="code"
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Country]:
        """All countries."""
        return visible_catalogue(viewer, Country)


class CountryItem(ItemView):
    """One country."""

    shape = COUNTRY
    operations = read_operation(
        COUNTRY,
        "v1_countries_retrieve",
        TAG,
        "Read a country",
        "One country by its code.",
        parameter={
            "name": "id",
            "in": "path",
            "required": True,
            "description": "The country's `code` in the list.",
            "schema": CODE_SCHEMA,
        },
    )

    def find(self, text: str) -> Country:
        """The country."""
        if not _CODE.fullmatch(text):
            raise NotFound("There is no such object: the id is no code of two letters.")
        return find_in_catalogue(self.viewer, Country, text)


Countries.operations = list_operation(
    Countries,
    "v1_countries_list",
    TAG,
    "List countries",
    "The countries of the book, by code where no order is asked.",
    mistake={"zone": ["This is none of RU, EU, OTHER."]},
)
