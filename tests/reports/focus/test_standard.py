"""The checker itself: one flawless row of each kind, and what each mistake is called."""

from typing import Final

import pytest

from tests.reports.focus.standard import (
    CONDITIONAL,
    MANDATORY,
    RECOMMENDED,
    Row,
    complaints,
    odd_units,
)

COLUMNS: Final = (*MANDATORY, *CONDITIONAL, *RECOMMENDED)
USAGE: Final[Row] = dict.fromkeys(COLUMNS) | {
    "BilledCost": "9.000000000000",
    "BillingAccountId": "payer/3",
    "BillingAccountName": "Ærø Holding",
    "BillingCurrency": "EUR",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeDescription": "CDN Pro: Traffic",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-10-02T00:00:00Z",
    "ChargePeriodStart": "2026-10-01T00:00:00Z",
    "ConsumedQuantity": "4",
    "ConsumedUnit": "GB",
    "ContractedCost": "9.000000000000",
    "ContractedUnitPrice": "2.25",
    "EffectiveCost": "9.000000000000",
    "InvoiceId": "2026-10/103/2/3/1",
    "InvoiceIssuerName": "North",
    "ListCost": "10.000000000000",
    "ListUnitPrice": "2.5",
    "PricingCategory": "Standard",
    "PricingQuantity": "4",
    "PricingUnit": "GB",
    "ProviderName": "North",
    "PublisherName": "A cloud",
    "RegionId": "region/2",
    "RegionName": "Europe",
    "ServiceCategory": "Networking",
    "ServiceName": "CDN",
    "ServiceSubcategory": "Content Delivery",
    "SkuId": "feature/101",
    "SkuMeter": "Traffic",
    "SkuPriceDetails": '{"x_CalcRule": "stepped"}',
    "SkuPriceId": "plan-item/111",
    "SubAccountId": "client/103",
    "SubAccountName": "Ærø Media",
    "Tags": '{"tollbook/addendum": "7"}',
}
COMMIT: Final = {
    "CommitmentDiscountCategory": "Usage",
    "CommitmentDiscountId": "commit/7/121",
    "CommitmentDiscountName": "CDN Pro: Traffic",
    "CommitmentDiscountQuantity": "4",
    "CommitmentDiscountType": "Monthly commit",
    "CommitmentDiscountUnit": "GB",
}
ITSELF: Final = {
    "ResourceId": "commit/7/121",
    "ResourceName": "CDN Pro: Traffic",
    "ResourceType": "Commit",
}
PURCHASE: Final = USAGE | COMMIT | ITSELF | {
    "ChargeCategory": "Purchase",
    "ChargeFrequency": "Recurring",
    "ConsumedQuantity": None,
    "ConsumedUnit": None,
    "EffectiveCost": "0.000000000000",
}  # fmt: skip
USED: Final = USAGE | COMMIT | {
    "BilledCost": "0.000000000000",
    "CommitmentDiscountStatus": "Used",
    "PricingCategory": "Committed",
}  # fmt: skip
UNUSED: Final = USED | ITSELF | {
    "CommitmentDiscountStatus": "Unused",
    "ConsumedQuantity": None,
    "ConsumedUnit": None,
}  # fmt: skip
OF_NO_PRICE: Final = dict.fromkeys(
    (
        "ConsumedQuantity",
        "ConsumedUnit",
        "ContractedUnitPrice",
        "ListUnitPrice",
        "PricingCategory",
        "PricingQuantity",
        "PricingUnit",
        "SkuId",
        "SkuMeter",
        "SkuPriceDetails",
        "SkuPriceId",
    )
)
TAX: Final = USAGE | OF_NO_PRICE | {"ChargeCategory": "Tax", "ChargeFrequency": "One-Time"}
CREDIT: Final = TAX | {
    "ChargeCategory": "Credit",
    "BilledCost": "-1",
    "ContractedCost": "-1",
    "EffectiveCost": "-1",
    "ListCost": "-1",
}
CORRECTION: Final = USAGE | {
    "ChargeClass": "Correction",
    "ChargePeriodStart": "2026-09-30T00:00:00Z",
    "ChargePeriodEnd": "2026-10-01T00:00:00Z",
}

MISTAKES: Final[tuple[tuple[Row, dict[str, str | None], str], ...]] = (
    (USAGE, {"BilledCost": None}, "BilledCost is not null"),
    (USAGE, {"ServiceName": None}, "ServiceName is not null"),
    (USAGE, {"BilledCost": "+9"}, "BilledCost is a decimal"),
    (USAGE, {"BilledCost": "9,5"}, "BilledCost is a decimal"),
    (USAGE, {"BilledCost": "9 EUR"}, "BilledCost is a decimal"),
    (USAGE, {"ChargePeriodEnd": "2026-10-02 00:00:00"}, "ChargePeriodEnd is a moment"),
    (USAGE, {"ChargePeriodEnd": "2026-10-02T00:00:00.5Z"}, "ChargePeriodEnd is a moment"),
    (USAGE, {"Tags": '{"a": {"b": 1}}'}, "Tags is a flat object"),
    (USAGE, {"Tags": '{"a": "1", "a": "2"}'}, "Tags is a flat object"),
    (USAGE, {"ChargeCategory": "Fee"}, "ChargeCategory is allowed"),
    (USAGE, {"ChargeClass": "Regular"}, "ChargeClass is allowed"),
    (USAGE, {"ChargeFrequency": "Daily"}, "ChargeFrequency is allowed"),
    (USAGE, {"BillingCurrency": "euro"}, "BillingCurrency is a code"),
    (USAGE, {"ServiceCategory": "Compute"}, "ServiceSubcategory is of its category"),
    (USAGE, {"BillingPeriodEnd": "2026-10-31T00:00:00Z"}, "the billing period is a month"),
    (USAGE, {"ChargePeriodEnd": "2026-10-01T00:00:00Z"}, "the charge period ends after it starts"),
    (
        USAGE,
        {"ChargePeriodStart": "2026-09-30T00:00:00Z"},
        "what is no correction is charged in its month",
    ),
    (
        CORRECTION,
        {"ChargePeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodEnd": "2026-10-02T00:00:00Z"},
        "a correction is of a month before",
    ),
    (
        PURCHASE,
        {"ChargeFrequency": "Usage-Based"},
        "ChargeFrequency of a purchase is not by usage",
    ),
    (TAX, {"PricingCategory": "Standard"}, "PricingCategory of tax is null"),
    (TAX, {"PricingQuantity": "1", "PricingUnit": "GB"}, "PricingQuantity of tax is null"),
    (TAX, {"SkuId": "1"}, "SkuId of tax is null"),
    (USAGE, {"SkuPriceId": None}, "SkuPriceId of usage and purchases is given"),
    (USAGE, {"ListUnitPrice": None}, "ListUnitPrice of usage and purchases is given"),
    (USAGE, {"PricingUnit": None}, "PricingUnit is given with PricingQuantity"),
    (USAGE, {"ListUnitPrice": "-2.5", "PricingQuantity": "-4"}, "ListUnitPrice is not negative"),
    (USAGE, {"ListUnitPrice": "2.500000000001"}, "ListCost is the product"),
    (USAGE, {"ContractedCost": "10"}, "ContractedCost is the product"),
    (CREDIT, {"ListCost": "-2"}, "ListCost of what stands alone is billed"),
    (CREDIT, {"ContractedCost": "-2"}, "ContractedCost of what stands alone is billed"),
    (CREDIT, {"EffectiveCost": "0"}, "EffectiveCost of what stands alone is billed"),
    (PURCHASE, {"EffectiveCost": "9"}, "EffectiveCost of a purchase for later use is 0"),
    (USED, {"BilledCost": "9"}, "BilledCost of what a commit covers is 0"),
    (USAGE, {"InvoiceIssuerName": "South"}, "BilledCost is 0 where another is paid"),
    (
        UNUSED,
        {"ConsumedQuantity": "4", "ConsumedUnit": "GB"},
        "ConsumedQuantity is null but of usage",
    ),
    (USAGE, {"ConsumedQuantity": None, "ConsumedUnit": None}, "ConsumedQuantity of usage is given"),
    (USAGE, {"ConsumedUnit": None}, "ConsumedUnit is given with ConsumedQuantity"),
    (
        USED,
        {"CommitmentDiscountName": None},
        "CommitmentDiscountName is given with CommitmentDiscountId",
    ),
    (
        USED,
        {"CommitmentDiscountQuantity": None, "CommitmentDiscountUnit": None},
        "CommitmentDiscountQuantity of a commit is given",
    ),
    (
        USAGE,
        {"CommitmentDiscountQuantity": "1", "CommitmentDiscountUnit": "GB"},
        "CommitmentDiscountQuantity is null without a commit",
    ),
    (
        USAGE,
        {"CommitmentDiscountStatus": "Used"},
        "CommitmentDiscountStatus is null without a commit",
    ),
    (
        USED,
        {"CommitmentDiscountStatus": None},
        "CommitmentDiscountStatus of usage is given",
    ),
    (
        PURCHASE,
        {"CommitmentDiscountStatus": "Used"},
        "CommitmentDiscountStatus of a purchase is null",
    ),
    (USED, {"PricingCategory": "Standard"}, "PricingCategory of what a commit covers is Committed"),
    (USAGE, {"PricingCategory": "Committed"}, "PricingCategory of the rest is not Committed"),
    (
        UNUSED,
        {"ResourceId": "1"},
        "ResourceId of a purchase and of what is left is the commit",
    ),
    (USAGE, {"RegionName": None}, "RegionName is given with RegionId"),
    (USAGE, {"ResourceName": "x"}, "ResourceName is null without ResourceId"),
    (USAGE, {"SubAccountName": None}, "SubAccountName is given with SubAccountId"),
    (USAGE, {"SubAccountId": "103"}, "SubAccountId is no number"),
)  # fmt: skip


def test_flawless_rows_of_every_kind_pass() -> None:
    rows = [USAGE, PURCHASE, USED, TAX, CREDIT, CORRECTION]
    assert complaints(COLUMNS, rows) == []
    assert complaints(COLUMNS, [PURCHASE, UNUSED]) == []


@pytest.mark.parametrize(("row", "changes", "rule"), MISTAKES, ids=[rule for *_, rule in MISTAKES])
def test_a_mistake_is_called_by_its_rule(row: Row, changes: Row, rule: str) -> None:
    assert rule in {complaint.rule for complaint in complaints(COLUMNS, [{**row, **changes}])}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_that_is_not_there_is_missed(name: str) -> None:
    left = [column for column in COLUMNS if column != name]
    assert [complaint.rule for complaint in complaints(left, [USAGE])] == [f"{name} is there"]


@pytest.mark.parametrize(
    "columns", [("x_A", *COLUMNS), (*COLUMNS, "Own"), (*COLUMNS, "x_snake_case")]
)
def test_own_columns_are_marked_and_stand_last(columns: tuple[str, ...]) -> None:
    rows = [{**dict.fromkeys(columns), **USAGE}]
    assert len(complaints(columns, rows)) >= 1


def test_an_invoice_is_of_one_account() -> None:
    other = {**USAGE, "BillingAccountId": "payer/4"}
    assert [one.rule for one in complaints(COLUMNS, [USAGE, other])] == [
        "InvoiceId has one BillingAccountId"
    ]


def test_a_commit_costs_what_was_paid_for_it() -> None:
    (complaint,) = complaints(COLUMNS, [PURCHASE])
    assert complaint.rule == "Σ EffectiveCost of commit/7/121 is what was paid: 9.000000000000"


def test_units_are_told_by_their_form() -> None:
    fine = ("GB", "GB-Hours", "1000 Requests", "Requests/Day", "vCPU-Hours", "Mb/Second", "Months")
    odd = ("gigabyte", "per hour", "0 Requests", "GB/Hours", "million requests")
    assert odd_units([{**USAGE, "PricingUnit": unit} for unit in (*fine, *odd)]) == set(odd)
