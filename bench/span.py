"""The part of the book that a run reads, and the path of each column in Django's models."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True)
class Span:
    """Days ``[start, end)`` and the live expenses that they hold."""

    start: date
    end: date
    rows: int


PATHS: Final[Mapping[str, str]] = {
    "id": "id",
    "for_date": "for_date",
    "period_start": "period_start",
    "period_end": "period_end",
    "reseller_id": "reseller_id",
    "client_id": "client_id",
    "client_name": "client__company_name",
    "payer_id": "payer_id",
    "payer_name": "payer__company_name",
    "addendum_id": "addendum_id",
    "plan_name": "plan__name",
    "plan_item_id": "plan_item_id",
    "product_id": "product_id",
    "product_name": "product__name_en",
    "feature_name": "feature__name",
    "region_id": "region_id",
    "region_name": "region__ext_name",
    "calc_rule": "calc_rule_type",
    "kind": "kind",
    "usage": "usage",
    "unit_name": "unit__name",
    "currency": "currency__char_code",
    "money_before_discount": "money_before_discount",
    "discount_value": "discount_value",
    "money_value": "money_value",
    "tax_rate": "tax_rate",
    "tax_value": "tax_value",
    "total_value": "total_value",
    "deleted": "deleted",
    "reason": "reason",
    "comment": "comment",
}
"""Where each column of ``ResellerExpenses`` lies, for those who ask through Django."""
