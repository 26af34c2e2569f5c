"""The columns of ``ResellerPlans`` and what they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from django.db.models import BigIntegerField, CharField, DateTimeField, DecimalField, Field

from tollbook.reports.templates.shared_columns import (
    CLIENT_NAME,
    PRODUCT_ID,
    PRODUCT_NAME,
    RESELLER_ID,
    currency_codes,
    fact,
    feature_metric_names,
    feature_names,
    name,
    plan_names,
    unit_names,
)
from tollbook.results.columns import MONEY, TIMESTAMP

_MOMENT: Final = DateTimeField()
_NUMBER: Final = BigIntegerField()
_AMOUNT: Final = DecimalField(max_digits=38, decimal_places=12)


@dataclass(frozen=True)
class ContractFact:
    """Where a fact is found from an activated plan item, and from the contract alone."""

    of_subscription: str
    of_addendum: str | None
    type: "Field[Any, Any]"


CONTRACT_FACTS: Final[Mapping[str, ContractFact]] = {
    "reseller_id": ContractFact("addendum__client__reseller_id", "client__reseller_id", _NUMBER),
    "client_id": ContractFact("addendum__client_id", "client_id", _NUMBER),
    "addendum_id": ContractFact("addendum_id", "id", _NUMBER),
    "status": ContractFact("addendum__status", "status", CharField()),
    "contract_from": ContractFact("addendum__active_from", "active_from", _MOMENT),
    "contract_to": ContractFact("addendum__active_to", "active_to", _MOMENT),
    "currency_id": ContractFact("addendum__currency_id", "currency_id", _NUMBER),
    "plan_id": ContractFact("addendum__plan_id", "plan_id", _NUMBER),
    "product_id": ContractFact("addendum__plan__product_id", "plan__product_id", _NUMBER),
    "plan_item_id": ContractFact("plan_item_id", "plan__items", _NUMBER),
    "feature_id": ContractFact("plan_item__feature_id", "plan__items__feature_id", _NUMBER),
    "calc_rule": ContractFact(
        "plan_item__calc_rule__rule_type", "plan__items__calc_rule__rule_type", CharField()
    ),
    "unit_id": ContractFact("plan_item__unit_id", "plan__items__unit_id", _NUMBER),
    "unit_size": ContractFact("plan_item__unit_size", "plan__items__unit_size", _AMOUNT),
    "round_operation": ContractFact(
        "plan_item__rounding_rule__round_operation",
        "plan__items__rounding_rule__round_operation",
        CharField(),
    ),
    "rounded_to": ContractFact(
        "plan_item__rounding_rule__value", "plan__items__rounding_rule__value", _AMOUNT
    ),
    "subscription_id": ContractFact("id", None, _NUMBER),
    "quantity": ContractFact("quantity", None, _AMOUNT),
    "active_from": ContractFact("active_from", None, _MOMENT),
    "active_to": ContractFact("active_to", None, _MOMENT),
}
"""What PostgreSQL is asked for each contract and plan item; numbers come as 64 bits."""

EACH_STAGE: Final = (
    RESELLER_ID,
    fact("client_id", "Client ID", pa.int32(), "The client whose contract it is."),
    CLIENT_NAME,
    fact("addendum_id", "Addendum ID", pa.int32(), "The client's contract on the plan."),
    fact("status", "Status", pa.string(), "Where the contract stands today, not in the range."),
    fact("contract_from", "Contract from", TIMESTAMP, "When the contract begins (UTC)."),
    fact("contract_to", "Contract until", TIMESTAMP, "Its end, exclusive; empty while open."),
    fact("plan_id", "Plan ID", pa.int32(), "The plan that the contract is on."),
    name("plan_name", "Plan", "plan_id", plan_names, "The plan's name."),
    PRODUCT_ID,
    PRODUCT_NAME,
    fact("plan_item_id", "Plan item ID", pa.int32(), "The priced feature of the plan."),
    fact("feature_id", "Feature ID", pa.int32(), "What is measured and priced."),
    name("feature_name", "Feature", "feature_id", feature_names, "The feature's name."),
    name("metric_name", "Metric", "feature_id", feature_metric_names, "What the feature measures."),
    fact(
        "calc_rule",
        "Calc rule",
        pa.string(),
        "How quantity and price become an amount: commit, overcommit, stepped, staged or "
        "commit_hourly.",
    ),
    name("unit_name", "Unit", "unit_id", unit_names, "What a price is for."),
    fact("unit_size", "Unit size", MONEY, "How many units of the metric make one Unit."),
    fact("round_operation", "Rounding", pa.string(), "ceil or floor; empty without rounding."),
    fact("rounded_to", "Rounded to", MONEY, "A day's usage becomes a multiple of so many Units."),
    fact(
        "subscription_id",
        "Subscription ID",
        pa.int64(),
        "The activation of the plan item; empty where it was not active in the range.",
    ),
    fact("quantity", "Quantity", MONEY, "What is committed to, in Units; 0 for no commit."),
    fact("active_from", "Active from", TIMESTAMP, "When the plan item was activated (UTC)."),
    fact("active_to", "Active until", TIMESTAMP, "Its end, exclusive; empty while open."),
    name("currency", "Currency", "currency_id", currency_codes, "ISO 4217 code of the price."),
    fact("stage", "Stage", pa.int32(), "The number of the price stage, from 1; empty: no price."),
    fact("stage_from", "Stage from", MONEY, "From this quantity on, in Units, the price holds."),
    fact("stage_to", "Stage until", MONEY, "Where the next stage begins; empty for the last."),
    fact("price", "Price", MONEY, "What one Unit costs; under commit, one Unit for a month."),
)
