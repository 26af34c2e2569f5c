"""``/products``: what is sold."""

from typing import Final

from django.db.models import QuerySet

from tollbook.api.items import ItemView, list_operation, read_operation
from tollbook.api.ordering import Ordering
from tollbook.api.paths import read_id
from tollbook.api.shapes import INTEGER_SCHEMA, Field, Shape, plain
from tollbook.api.views import ListView
from tollbook.catalog.models import Product
from tollbook.catalog.selectors import find_in_catalogue, visible_catalogue
from tollbook.clients.viewer import Viewer

TAG: Final = "products"

PRODUCT: Final = Shape(
    "ProductCommon",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field(
            "name_en",
            {"type": "string", "maxLength": 255},
            plain("name_en"),
            "Its name for people.",
        ),
        Field(
            "internal_name",
            {"type": "string", "maxLength": 25},
            plain("internal_name"),
            "Its name for programs, which does not change.",
        ),
        Field(
            "archive",
            {"type": "boolean"},
            plain("archive"),
            "Whether it is no longer sold; contracts on it may still run.",
        ),
    ),
    "A product: a service with plans of its own.",
    {"id": 2, "name_en": "Object Storage", "internal_name": "STORAGE", "archive": False},
)


class Products(ListView):
    """The list of products."""

    shape = PRODUCT
    ordering = Ordering(
        {name: name for name in ("id", "internal_name", "name_en")}, default=("id",), key="id"
    )

    def queryset_for(self, viewer: Viewer) -> QuerySet[Product]:
        """All products."""
        return visible_catalogue(viewer, Product)


class ProductItem(ItemView):
    """One product."""

    shape = PRODUCT
    operations = read_operation(
        PRODUCT, "v1_products_retrieve", TAG, "Read a product", "One product by its number."
    )

    def find(self, text: str) -> Product:
        """The product."""
        return find_in_catalogue(self.viewer, Product, read_id(text))


Products.operations = list_operation(
    Products,
    "v1_products_list",
    TAG,
    "List products",
    "Everything that is or was sold, by number where no order is asked.",
    mistake={"limit": ["This is less than 1."]},
)
