"""FOCUS 1.2 as a checker of files: its normative rules, by our own reading, one line a rule.

Rows are what a CSV file says, text by column id; an empty cell is null. Rules of which a file knows
nothing (whether a price list is published, whether a region is distinct) are not here.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final

Row = Mapping[str, str | None]

MANDATORY: Final = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
)
CONDITIONAL: Final = (
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
)
"""Those whose condition Tollbook fulfils: commits, measured usage, unit prices, regions, tags."""
RECOMMENDED: Final = ("ChargeFrequency", "InvoiceId", "ServiceSubcategory")
NEVER_NULL: Final = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
)
DECIMALS: Final = (
    "BilledCost",
    "CommitmentDiscountQuantity",
    "ConsumedQuantity",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "ListCost",
    "ListUnitPrice",
    "PricingQuantity",
)
MOMENTS: Final = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
IDENTIFIERS: Final = (
    "BillingAccountId",
    "CommitmentDiscountId",
    "InvoiceId",
    "RegionId",
    "ResourceId",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
)
"""Strings, which readers of CSV that guess types must not take for numbers."""
OBJECTS: Final = ("SkuPriceDetails", "Tags")
ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "ChargeCategory": frozenset({"Usage", "Purchase", "Tax", "Credit", "Adjustment"}),
    "ChargeClass": frozenset({"Correction"}),
    "ChargeFrequency": frozenset({"One-Time", "Recurring", "Usage-Based"}),
    "CommitmentDiscountCategory": frozenset({"Spend", "Usage"}),
    "CommitmentDiscountStatus": frozenset({"Used", "Unused"}),
    "PricingCategory": frozenset({"Standard", "Dynamic", "Committed", "Other"}),
}
SUBCATEGORIES: Final[Mapping[str, str]] = {
    "AI and Machine Learning": "AI Platforms|Bots|Generative AI|Machine Learning|"
    "Natural Language Processing",
    "Analytics": "Analytics Platforms|Business Intelligence|Data Processing|Search|"
    "Streaming Analytics",
    "Business Applications": "Productivity and Collaboration",
    "Compute": "Containers|End User Computing|Quantum Compute|Serverless Compute|Virtual Machines",
    "Databases": "Caching|Data Warehouses|Ledger Databases|NoSQL Databases|Relational Databases|"
    "Time Series Databases",
    "Developer Tools": "Developer Platforms|Continuous Integration and Deployment|"
    "Development Environments|Source Code Management|Quality Assurance",
    "Identity": "Identity and Access Management",
    "Integration": "API Management|Messaging|Workflow Orchestration",
    "Internet of Things": "IoT Analytics|IoT Platforms",
    "Management and Governance": "Architecture|Compliance|Cost Management|Data Governance|"
    "Disaster Recovery|Endpoint Management|Observability|Support",
    "Media": "Content Creation|Gaming|Media Streaming|Mixed Reality",
    "Migration": "Data Migration|Resource Migration",
    "Mobile": "",
    "Multicloud": "Multicloud Integration",
    "Networking": "Application Networking|Content Delivery|Network Connectivity|"
    "Network Infrastructure|Network Routing|Network Security",
    "Security": "Secret Management|Security Posture Management|Threat Detection and Response",
    "Storage": "Backup Storage|Block Storage|File Storage|Object Storage|Storage Platforms",
    "Web": "Application Platforms",
    "Other": "",
}
"""Every service category and its subcategories; each has one more, ``Other (<category>)``."""

_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_COLUMN_ID: Final = re.compile(r"(x_)?([A-Z][a-z]*)+")
_DATA_SIZE: Final = r"(?:[KMGTPE]i?)?[bB]"
_TIMES: Final = "Year|Month|Day|Hour|Minute|Second"
_NOUN: Final = rf"(?:{_DATA_SIZE}|v?[A-Z][A-Za-z]*s)"
_UNIT: Final = re.compile(
    rf"(?:[1-9][0-9]* )?{_NOUN}(?:/(?:{_TIMES}))?|(?:{_DATA_SIZE}|v?[A-Z][A-Za-z]*)-(?:{_TIMES})s"
)
"""The forms that the standard recommends: units, a count of them, units by or per a time."""
_EXACT: Final = Context(prec=200)
_TWELVE: Final = Decimal("1e-12")


@dataclass(frozen=True)
class Complaint:
    """A rule that a file breaks, and where."""

    rule: str
    row: Row | None = None


@dataclass(frozen=True)
class Rule:
    """What must hold of each row of which ``when`` holds."""

    name: str
    when: Callable[[Row], bool]
    must: Callable[[Row], bool]


def _always(_row: Row) -> bool:
    return True


def _is(column: str, *values: str | None) -> Callable[[Row], bool]:
    return lambda row: row[column] in values


def _null(column: str) -> Callable[[Row], bool]:
    return lambda row: row[column] is None


def _given(column: str) -> Callable[[Row], bool]:
    return lambda row: row[column] is not None


def _no(holds: Callable[[Row], bool]) -> Callable[[Row], bool]:
    return lambda row: not holds(row)


def _both(*all_of: Callable[[Row], bool]) -> Callable[[Row], bool]:
    return lambda row: all(holds(row) for holds in all_of)


def _goes_with(column: str, anchor: str) -> tuple[Rule, Rule]:
    """Null where the anchor is null, and only there."""
    return (
        Rule(f"{column} is null without {anchor}", _null(anchor), _null(column)),
        Rule(f"{column} is given with {anchor}", _given(anchor), _given(column)),
    )


def _number(row: Row, column: str) -> Decimal:
    text = row[column]
    assert text is not None
    return Decimal(text)


def _is_product(cost: str, price: str) -> Callable[[Row], bool]:
    """To the twelfth decimal, as costs are kept."""

    def holds(row: Row) -> bool:
        with localcontext(_EXACT):
            product = _number(row, price) * _number(row, "PricingQuantity")
            return product.quantize(_TWELVE, ROUND_HALF_UP) == _number(row, cost)

    return holds


def _is_flat_object(column: str) -> Callable[[Row], bool]:
    def holds(row: Row) -> bool:
        pairs: list[tuple[str, object]] = json.loads(
            row[column] or "", object_pairs_hook=list, parse_float=str
        )
        names = [name for name, _ in pairs]
        return len(set(names)) == len(names) and not any(
            isinstance(value, list) for _, value in pairs
        )

    return holds


def _matches(column: str, pattern: re.Pattern[str]) -> Callable[[Row], bool]:
    return lambda row: pattern.fullmatch(row[column] or "") is not None


def _moment(row: Row, column: str) -> datetime:
    return datetime.strptime(row[column] or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _is_month(row: Row) -> bool:
    start, end = _moment(row, "BillingPeriodStart"), _moment(row, "BillingPeriodEnd")
    months = [moment.year * 12 + moment.month for moment in (start, end)]
    edges = {(m.day, m.hour, m.minute, m.second) for m in (start, end)}
    return edges == {(1, 0, 0, 0)} and months[1] == months[0] + 1


def _is_in_its_billing_period(row: Row) -> bool:
    return _moment(row, "BillingPeriodStart") <= _moment(row, "ChargePeriodStart") and _moment(
        row, "ChargePeriodEnd"
    ) <= _moment(row, "BillingPeriodEnd")


def _is_of_its_category(row: Row) -> bool:
    category, subcategory = row["ServiceCategory"] or "", row["ServiceSubcategory"]
    known = SUBCATEGORIES.get(category)
    return known is not None and subcategory in {*known.split("|"), f"Other ({category})"} - {""}


_TAX = _is("ChargeCategory", "Tax")
_USAGE = _is("ChargeCategory", "Usage")
_PURCHASE = _is("ChargeCategory", "Purchase")
_BOUGHT = _is("ChargeCategory", "Usage", "Purchase")
_UNRELATED = _is("ChargeCategory", "Credit", "Adjustment")
_REGULAR = _null("ChargeClass")
_UNUSED = _is("CommitmentDiscountStatus", "Unused")
_COMMITTED = _given("CommitmentDiscountId")
_OF_A_PRICE: Final = (
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "SkuId",
    "SkuPriceId",
)

FORM: Final[tuple[Rule, ...]] = (
    *(Rule(f"{name} is not null", _always, _given(name)) for name in NEVER_NULL),
    *(Rule(f"{name} is a decimal", _given(name), _matches(name, _DECIMAL)) for name in DECIMALS),
    *(Rule(f"{name} is a moment", _always, _matches(name, _MOMENT)) for name in MOMENTS),
    *(Rule(f"{name} is a flat object", _given(name), _is_flat_object(name)) for name in OBJECTS),
)
"""What must hold before the rest can be asked."""
RULES: Final[tuple[Rule, ...]] = (
    *(Rule(f"{name} is allowed", _given(name), _is(name, *ALLOWED[name])) for name in ALLOWED),
    Rule("BillingCurrency is a code", _always, _matches("BillingCurrency", _CURRENCY)),
    Rule("ServiceSubcategory is of its category", _always, _is_of_its_category),
    Rule("the billing period is a month", _always, _is_month),
    Rule(
        "the charge period ends after it starts",
        _always,
        lambda row: _moment(row, "ChargePeriodStart") < _moment(row, "ChargePeriodEnd"),
    ),
    Rule("what is no correction is charged in its month", _REGULAR, _is_in_its_billing_period),
    Rule(
        "a correction is of a month before",
        _no(_REGULAR),
        lambda row: _moment(row, "ChargePeriodStart") < _moment(row, "BillingPeriodStart"),
    ),
    Rule(
        "ChargeFrequency of a purchase is not by usage",
        _PURCHASE,
        _no(_is("ChargeFrequency", "Usage-Based")),
    ),
    *(Rule(f"{name} of tax is null", _TAX, _null(name)) for name in _OF_A_PRICE),
    *(
        Rule(f"{name} of usage and purchases is given", _both(_BOUGHT, _REGULAR), _given(name))
        for name in _OF_A_PRICE
    ),
    *_goes_with("PricingUnit", "PricingQuantity"),
    Rule("SkuMeter is null without SkuId", _null("SkuId"), _null("SkuMeter")),
    Rule("SkuPriceDetails is null without price", _null("SkuPriceId"), _null("SkuPriceDetails")),
    *(
        Rule(
            f"{name} is not negative",
            _given(name),
            lambda row, name=name: _number(row, name) >= 0,  # type: ignore[misc]
        )
        for name in ("ListUnitPrice", "ContractedUnitPrice")
    ),
    Rule(
        "ListCost is the product",
        _both(_given("ListUnitPrice"), _given("PricingQuantity"), _REGULAR),
        _is_product("ListCost", "ListUnitPrice"),
    ),
    Rule(
        "ContractedCost is the product",
        _both(_given("ContractedUnitPrice"), _given("PricingQuantity"), _REGULAR),
        _is_product("ContractedCost", "ContractedUnitPrice"),
    ),
    Rule(
        "ListCost of what stands alone is billed",
        _both(_UNRELATED, _null("ListUnitPrice")),
        lambda row: _number(row, "ListCost") == _number(row, "BilledCost"),
    ),
    Rule(
        "ContractedCost of what stands alone is billed",
        _both(_UNRELATED, _null("ContractedUnitPrice")),
        lambda row: _number(row, "ContractedCost") == _number(row, "BilledCost"),
    ),
    Rule(
        "EffectiveCost of what stands alone is billed",
        _UNRELATED,
        lambda row: _number(row, "EffectiveCost") == _number(row, "BilledCost"),
    ),
    Rule(
        "EffectiveCost of a purchase for later use is 0",
        _both(_PURCHASE, _COMMITTED),
        lambda row: _number(row, "EffectiveCost") == 0,
    ),
    Rule(
        "BilledCost of what a commit covers is 0",
        _both(_USAGE, _COMMITTED),
        lambda row: _number(row, "BilledCost") == 0,
    ),
    Rule(
        "BilledCost is 0 where another is paid",
        lambda row: row["ProviderName"] != row["InvoiceIssuerName"],
        lambda row: _number(row, "BilledCost") == 0,
    ),
    Rule(
        "ConsumedQuantity is null but of usage",
        lambda row: row["ChargeCategory"] != "Usage" or _UNUSED(row),
        _null("ConsumedQuantity"),
    ),
    Rule(
        "ConsumedQuantity of usage is given",
        _both(_USAGE, _no(_UNUSED), _REGULAR),
        _given("ConsumedQuantity"),
    ),
    *_goes_with("ConsumedUnit", "ConsumedQuantity"),
    *_goes_with("CommitmentDiscountCategory", "CommitmentDiscountId"),
    *_goes_with("CommitmentDiscountName", "CommitmentDiscountId"),
    *_goes_with("CommitmentDiscountType", "CommitmentDiscountId"),
    *_goes_with("CommitmentDiscountUnit", "CommitmentDiscountQuantity"),
    Rule(
        "CommitmentDiscountQuantity of a commit is given",
        _both(_BOUGHT, _COMMITTED, _REGULAR),
        _given("CommitmentDiscountQuantity"),
    ),
    Rule(
        "CommitmentDiscountQuantity is null without a commit",
        _no(_both(_BOUGHT, _COMMITTED)),
        _null("CommitmentDiscountQuantity"),
    ),
    Rule(
        "CommitmentDiscountStatus is null without a commit",
        _no(_COMMITTED),
        _null("CommitmentDiscountStatus"),
    ),
    Rule(
        "CommitmentDiscountStatus of usage is given",
        _both(_USAGE, _COMMITTED),
        _given("CommitmentDiscountStatus"),
    ),
    Rule(
        "CommitmentDiscountStatus of a purchase is null",
        _PURCHASE,
        _null("CommitmentDiscountStatus"),
    ),
    Rule(
        "PricingCategory of what a commit covers is Committed",
        _both(_USAGE, _COMMITTED),
        _is("PricingCategory", "Committed"),
    ),
    Rule(
        "PricingCategory of the rest is not Committed",
        _no(_both(_USAGE, _COMMITTED)),
        _no(_is("PricingCategory", "Committed")),
    ),
    Rule(
        "ResourceId of a purchase and of what is left is the commit",
        lambda row: _COMMITTED(row) and (_PURCHASE(row) or _UNUSED(row)),
        lambda row: row["ResourceId"] == row["CommitmentDiscountId"],
    ),
    *_goes_with("RegionName", "RegionId"),
    *_goes_with("ResourceType", "ResourceId"),
    Rule("ResourceName is null without ResourceId", _null("ResourceId"), _null("ResourceName")),
    *_goes_with("SubAccountName", "SubAccountId"),
    *(
        Rule(f"{name} is no number", _given(name), _no(_matches(name, _DECIMAL)))
        for name in IDENTIFIERS
    ),
)

PARENTS: Final = (
    ("InvoiceId", "BillingAccountId"),
    ("InvoiceId", "BillingCurrency"),
    ("SkuPriceId", "SkuId"),
    ("ServiceName", "ServiceCategory"),
    ("ServiceSubcategory", "ServiceCategory"),
    ("CommitmentDiscountId", "CommitmentDiscountUnit"),
    ("BillingAccountId", "BillingAccountName"),
    ("SubAccountId", "SubAccountName"),
    ("RegionId", "RegionName"),
)
"""What has one of these and no more in a whole file."""


def complaints(columns: Sequence[str], rows: Sequence[Row]) -> list[Complaint]:
    """Every rule that a file breaks, with the first row that does; units are no such matter."""
    missing = [
        Complaint(f"{name} is there")
        for name in (*MANDATORY, *CONDITIONAL, *RECOMMENDED)
        if name not in columns
    ]
    if missing:
        return missing
    if malformed := [*_of_columns(columns), *_of_rows(rows, FORM)]:
        return malformed
    return [*_of_rows(rows, RULES), *_of_parents(rows), *_of_commits(rows)]


def odd_units(rows: Sequence[Row]) -> set[str]:
    """Units in no form that the standard recommends, which is a should and no must."""
    names = ("PricingUnit", "ConsumedUnit", "CommitmentDiscountUnit")
    units = {unit for row in rows for name in names if (unit := row[name])}
    return {unit for unit in units if not _UNIT.fullmatch(unit)}


def _of_columns(columns: Sequence[str]) -> Iterator[Complaint]:
    if not all(_COLUMN_ID.fullmatch(name) and len(name) <= 50 for name in columns):
        yield Complaint("columns have names of the standard's form")
    own = [name.startswith("x_") for name in columns]
    known = {*MANDATORY, *CONDITIONAL, *RECOMMENDED}
    if own != sorted(own) or any(
        not x and n not in known for n, x in zip(columns, own, strict=True)
    ):
        yield Complaint("own columns begin with x_ and stand last")


def _of_rows(rows: Sequence[Row], rules: Sequence[Rule]) -> Iterator[Complaint]:
    for rule in rules:
        for row in rows:
            if rule.when(row) and not rule.must(row):
                yield Complaint(rule.name, row)
                break


def _of_parents(rows: Sequence[Row]) -> Iterator[Complaint]:
    for child, parent in PARENTS:
        parents: dict[str, str | None] = {}
        for row in rows:
            name = row[child]
            if name is not None and parents.setdefault(name, row[parent]) != row[parent]:
                yield Complaint(f"{child} has one {parent}", row)
                break


def _of_commits(rows: Sequence[Row]) -> Iterator[Complaint]:
    """What was paid for a commit is what its used and unused parts cost, whole months given."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    with localcontext(_EXACT):
        for row in rows:
            commit = row["CommitmentDiscountId"]
            if commit is not None and row["ChargeClass"] is None:
                paid[commit] += _number(row, "BilledCost") - _number(row, "EffectiveCost")
    for commit, left in paid.items():
        if left:
            yield Complaint(f"Σ EffectiveCost of {commit} is what was paid: {left}")
