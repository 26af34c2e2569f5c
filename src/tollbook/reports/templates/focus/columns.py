"""The columns of ``FocusCostAndUsage``: those of FOCUS 1.2 by their own names, then ours."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
from django.conf import settings
from django.db.models import Case, CharField, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, JSONObject, NullIf

from tollbook.catalog.models import Feature, PlanItem, Product, Unit
from tollbook.clients.models import Payer, Reseller
from tollbook.clients.selectors import clients_seen_by
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Addendum
from tollbook.invoicing.models import Invoice
from tollbook.reports.dataset import Made, NameQuery
from tollbook.reports.templates.focus.terms import OTHER, SERVICES, UNITS
from tollbook.reports.templates.shared_columns import (
    client_names,
    currency_codes,
    region_names,
)
from tollbook.results.columns import MONEY, TIMESTAMP, Column

UNIT_PRICE: Final = pa.decimal128(38, 24)
_PERCENT: Final = pa.decimal128(5, 2)


def _reseller_names(viewer: Viewer) -> QuerySet[Any, Any]:
    return _resellers(viewer).values_list("id", "company_name")


def _publisher_names(viewer: Viewer) -> QuerySet[Any, Any]:
    """The cloud that is resold, where it is set; else the reseller sells what it makes."""
    if not settings.PUBLISHER:
        return _reseller_names(viewer)
    return _resellers(viewer).values_list("id", Value(settings.PUBLISHER))


def _resellers(viewer: Viewer) -> QuerySet[Reseller]:
    own = {} if viewer.reseller_id is None else {"pk": viewer.reseller_id}
    return Reseller.objects.filter(**own)


def _account_names(viewer: Viewer) -> QuerySet[Any, Any]:
    """Names of payers, former ones of a client too: only rows of one's clients ask for them."""
    return Payer.objects.filter(reseller__in=_resellers(viewer)).values_list("id", "company_name")


def _invoices(viewer: Viewer) -> QuerySet[Invoice]:
    return Invoice.objects.order_by("pk").filter(clients_seen_by(viewer, "client__"))


def _invoice_references(viewer: Viewer) -> QuerySet[Any, Any]:
    return _invoices(viewer).values_list("id", "reference")


def _invoice_numbers(viewer: Viewer) -> QuerySet[Any, Any]:
    return _invoices(viewer).values_list("id", NullIf("number", Value("")))


def _service_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    return Product.objects.values_list("id", "name_en")


def _service_categories(_viewer: Viewer) -> QuerySet[Any, Any]:
    return Product.objects.values_list("id", _of_product(0))


def _service_subcategories(_viewer: Viewer) -> QuerySet[Any, Any]:
    return Product.objects.values_list("id", _of_product(1))


def _of_product(place: int) -> Case:
    known = [When(internal_name=name, then=Value(both[place])) for name, both in SERVICES.items()]
    return Case(*known, default=Value(OTHER[place]), output_field=CharField())


def _meter_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    return Feature.objects.values_list("id", "metric__ext_name")


def _unit_names(_viewer: Viewer) -> QuerySet[Any, Any]:
    known = [When(internal_name=name, then=Value(unit)) for name, unit in UNITS.items()]
    return Unit.objects.values_list("id", Case(*known, default=F("name"), output_field=CharField()))


def _price_details(_viewer: Viewer) -> QuerySet[Any, Any]:
    told = JSONObject(x_CalcRule="calc_rule__rule_type", x_PlanName="plan__name")
    return PlanItem.objects.order_by("pk").values_list("id", Cast(told, TextField()))


def _tags(viewer: Viewer) -> QuerySet[Any, Any]:
    told = JSONObject(**{"tollbook/addendum": Cast("id", CharField())})
    seen = Addendum.objects.order_by("pk").filter(clients_seen_by(viewer, "client__"))
    return seen.values_list("id", Cast(told, TextField()))


def _text(name: str, description: str, *, of: str = "", names: NameQuery | None = None) -> Made:
    return Made(Column(name, name, pa.string(), description), (of or name,), names)


def _of(name: str, data_type: pa.DataType, description: str, *, of: str = "") -> Made:
    return Made(Column(name, name, data_type, description), (of or name,))


FOCUS_COLUMNS: Final = (
    _of("BilledCost", MONEY, "What the row adds to the invoice.", of="billed_value"),
    _text("BillingAccountId", "The payer that is invoiced: payer/<number>.", of="payer_text"),
    _text("BillingAccountName", "The payer's name.", of="payer_id", names=_account_names),
    _text("BillingCurrency", "ISO 4217 code.", of="currency_id", names=currency_codes),
    _of("BillingPeriodEnd", TIMESTAMP, "The end of the month, exclusive (UTC)."),
    _of("BillingPeriodStart", TIMESTAMP, "The start of the month that is billed (UTC)."),
    _text("ChargeCategory", "Usage, Purchase, Tax, Credit or Adjustment."),
    _text("ChargeClass", "Correction, of a month before; else empty."),
    _text("ChargeDescription", "What the row is about."),
    _text("ChargeFrequency", "Usage-Based, Recurring or One-Time."),
    _of("ChargePeriodEnd", TIMESTAMP, "When the use ended, exclusive (UTC).", of="period_end"),
    _of("ChargePeriodStart", TIMESTAMP, "When the use began (UTC).", of="period_start"),
    _text("CommitmentDiscountCategory", "Usage: commits are of quantities."),
    _text("CommitmentDiscountId", "The commit: commit/<addendum>/<plan item>."),
    _text("CommitmentDiscountName", "Plan and feature of the commit."),
    _of(
        "CommitmentDiscountQuantity",
        MONEY,
        "What was committed, or what of it was used or left.",
        of="commit_quantity",
    ),
    _text("CommitmentDiscountStatus", "Used or Unused."),
    _text("CommitmentDiscountType", "Monthly commit or Hourly commit."),
    _text("CommitmentDiscountUnit", "The unit of the committed quantity."),
    _of("ConsumedQuantity", MONEY, "What was used, in billed units.", of="consumed"),
    _text("ConsumedUnit", "The unit of the used quantity."),
    _of(
        "ContractedCost",
        MONEY,
        "The cost after the contract's discount.",
        of="contracted_value",
    ),
    _of(
        "ContractedUnitPrice",
        UNIT_PRICE,
        "The unit price after the contract's discount.",
        of="contracted_price",
    ),
    _of(
        "EffectiveCost",
        MONEY,
        "The cost with fees spread over what they are for.",
        of="effective_value",
    ),
    _text("InvoiceId", "Our reference of the invoice.", of="invoice_id", names=_invoice_references),
    _text("InvoiceIssuerName", "The reseller's name.", of="reseller_id", names=_reseller_names),
    _of("ListCost", MONEY, "The cost before any discount.", of="list_value"),
    _of("ListUnitPrice", UNIT_PRICE, "The unit price before any discount.", of="list_price"),
    _text("PricingCategory", "Standard, or Committed for what a commit covers."),
    _of("PricingQuantity", MONEY, "The quantity that was priced.", of="priced"),
    _text("PricingUnit", "The unit of the priced quantity."),
    _text("ProviderName", "The reseller's name.", of="reseller_id", names=_reseller_names),
    _text(
        "PublisherName",
        "The cloud whose services are resold.",
        of="reseller_id",
        names=_publisher_names,
    ),
    _text("RegionId", "The statistic region: region/<number>."),
    _text("RegionName", "The region's name.", of="region_id", names=region_names),
    _text("ResourceId", "The commit, on its purchase and on what was left of it."),
    _text("ResourceName", "The commit's name."),
    _text("ResourceType", "Commit."),
    _text("ServiceCategory", "The standard's category of the product."),
    _text("ServiceName", "The product."),
    _text("ServiceSubcategory", "The standard's subcategory of the product."),
    _text("SkuId", "The feature: feature/<number>."),
    _text("SkuMeter", "What is measured.", of="sku_id", names=_meter_names),
    _text("SkuPriceDetails", "Plan and calc rule, as JSON.", of="price_id", names=_price_details),
    _text("SkuPriceId", "The plan item: plan-item/<number>."),
    _text("SubAccountId", "The client: client/<number>.", of="client_text"),
    _text("SubAccountName", "The client's name.", of="client_id", names=client_names),
    _text("Tags", "Our tags, as JSON: the contract.", of="addendum_id", names=_tags),
    _of("x_ExpenseId", pa.int64(), "The expense; empty on rows of a whole month.", of="id"),
    _text(
        "x_InvoiceNumber",
        "The printed number of the invoice, once the ERP gave it.",
        of="invoice_id",
        names=_invoice_numbers,
    ),
    _of(
        "x_TaxRate",
        _PERCENT,
        "The percentage of a tax, or by which the row is taxed.",
        of="tax_rate",
    ),
)
"""In the order of the alphabet, as the standard lists them."""


SERVICE_TEXTS: Final[Mapping[str, NameQuery]] = {
    "ServiceCategory": _service_categories,
    "ServiceName": _service_names,
    "ServiceSubcategory": _service_subcategories,
}
UNIT_TEXTS: Final[NameQuery] = _unit_names
