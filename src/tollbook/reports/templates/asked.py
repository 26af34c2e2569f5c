"""Parameters that several templates take."""

from typing import Final

from tollbook.catalog.models import Currency, Product
from tollbook.clients.selectors import visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.reports.parameters import FIRST_DAY, LAST_DAY, Parameter, ParameterType


def _sees_client(viewer: Viewer, client_id: int) -> bool:
    return visible_clients(viewer).filter(pk=client_id).exists()


def _is_product(_viewer: Viewer, product_id: int) -> bool:
    return Product.objects.filter(pk=product_id).exists()


def _is_currency(_viewer: Viewer, char_code: str) -> bool:
    return Currency.objects.filter(char_code=char_code).exists()


DATE_FROM: Final = Parameter(
    name="date_from",
    type=ParameterType.STRING,
    format="date",
    required=True,
    description=f"First day of the report, YYYY-MM-DD, from {FIRST_DAY} to {LAST_DAY}.",
)
DATE_TO: Final = Parameter(
    name="date_to",
    type=ParameterType.STRING,
    format="date",
    required=True,
    description=(
        f"The day after the last one, YYYY-MM-DD, from {FIRST_DAY} to {LAST_DAY}; "
        "equal to date_from it means that one day."
    ),
)
CLIENT_ID: Final = Parameter(
    name="client_id",
    type=ParameterType.INTEGER,
    description="Only this client; all of yours by default.",
    is_known=_sees_client,
    unknown="There is no client {}.",
)
PRODUCT_ID: Final = Parameter(
    name="product_id",
    type=ParameterType.INTEGER,
    description="Only this product; all by default.",
    is_known=_is_product,
    unknown="There is no product {}.",
)
CURRENCY: Final = Parameter(
    name="currency",
    type=ParameterType.STRING,
    description="Only amounts in this currency, a code such as EUR; all by default.",
    is_known=_is_currency,
    unknown="There is no currency {}.",
)
