"""Amounts as people read them; every digit that is not a trailing nought is shown."""

from decimal import Decimal
from typing import Final

_LEAST_PLACES: Final = 2


def amount_text(value: Decimal | None, unit: object = "") -> str:
    """``1234.50 USD``: exact, with two decimals at least."""
    if value is None:
        return ""
    whole, _, places = f"{value:f}".partition(".")
    places = places.rstrip("0").ljust(_LEAST_PLACES, "0")
    return f"{whole}.{places} {unit}".strip()
