"""``/currencies``: what amounts may be in."""

from typing import Final

from django.db.models import QuerySet

from tollbook.api.filters import Filter, any_of, field
from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.kinds import INTEGER, TEXT
from tollbook.api.ordering import Ordering
from tollbook.api.paths import read_id
from tollbook.api.shapes import INTEGER_SCHEMA, Field, Shape, nullable, plain
from tollbook.api.views import ListView
from tollbook.catalog.models import Currency
from tollbook.catalog.selectors import find_in_catalogue, visible_catalogue
from tollbook.clients.viewer import Viewer

TAG: Final = "currencies"

CURRENCY: Final = Shape(
    "CurrencyForOrgSerializerV1",
    (
        Field("id", INTEGER_SCHEMA, plain("id"), "1 is the US dollar and 2 the euro, always."),
        Field(
            "char_code",
            {"type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 3},
            plain("char_code"),
            "ISO 4217 code.",
        ),
        Field(
            "number_code",
            nullable({"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}),
            plain("number_code"),
            "ISO 4217 number.",
        ),
        Field(
            "name_en", {"type": "string", "maxLength": 255}, plain("name_en"), "Its English name."
        ),
        Field(
            "symbol",
            nullable({"type": "string", "maxLength": 10}),
            plain("symbol"),
            "The sign before or after an amount.",
        ),
    ),
    "A currency.",
    {"id": 2, "char_code": "EUR", "number_code": 978, "name_en": "Euro", "symbol": "€"},
)


class Currencies(ListView):
    """The list of currencies."""

    shape = CURRENCY
    filters = (
        Filter(
            "currency_char_code",
            TEXT,
            any_of("char_code"),
            "With one of these ISO 4217 codes.",
            several=True,
        ),
        Filter("currency_id", INTEGER, any_of("id"), "With one of these ids.", several=True),
        Filter(
            "name_en", TEXT, field("name_en__icontains"), "The name contains this, in any case."
        ),
    )
    ordering = Ordering(
        {name: name for name in ("char_code", "name_en", "number_code")},
        default=("id",),
        key="id",
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Currency]:
        """All currencies."""
        return visible_catalogue(viewer, Currency)


class CurrencyItem(ItemView):
    """One currency."""

    shape = CURRENCY
    operations = read_operation(
        CURRENCY,
        "v1_currencies_retrieve",
        TAG,
        "Read a currency",
        "One currency by its number.",
    )

    def find(self, text: str) -> Currency:
        """The currency."""
        return find_in_catalogue(self.viewer, Currency, read_id(text))


Currencies.operations = list_operation(
    Currencies,
    "v1_currencies_list",
    TAG,
    "List currencies",
    "The currencies of prices, contracts and invoices, by number where no order is asked.",
    mistake={"currency_id": ["This is no whole number."]},
)
