"""Facts of the ledger in the words of the standard, batch by batch."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F, Value
from django.db.models.functions import Concat

from tollbook.catalog.models import PlanItem
from tollbook.catalog.rules import CalcRuleType
from tollbook.clients.viewer import Viewer
from tollbook.kernel.periods import DateRange, day_start
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.focus.columns import SERVICE_TEXTS, UNIT_PRICE, UNIT_TEXTS
from tollbook.reports.templates.focus.terms import OTHER, TERMS, WHOLE_INVOICE, RowKind
from tollbook.results.columns import TIMESTAMP

_COMMIT_TYPES: Final[Mapping[str, str]] = {
    CalcRuleType.COMMIT: "Monthly commit",
    CalcRuleType.COMMIT_HOURLY: "Hourly commit",
}
_PLACES: Final = PlanItem.regions.through.objects
_COMMIT: Final = "Commit"
_USAGE: Final = "Usage"
_PRICES: Final = ("list_price", "contracted_price")
_OF_A_SKU: Final = tuple(kind for kind, terms in TERMS.items() if terms.pricing_category)
_OF_A_REGION: Final = (RowKind.USED, RowKind.USAGE, RowKind.CORRECTION)
_OF_THE_COMMIT_ITSELF: Final = (RowKind.PURCHASE, RowKind.UNUSED)


@dataclass(frozen=True)
class Words:
    """Small tables of ids and their texts, as one snapshot has them."""

    services: Mapping[str, pa.Table]
    units: pa.Table
    items: pa.Table
    """Plan items: id, plan and feature, calc rule."""
    places: pa.Table
    """Plan items and the regions that they name."""

    @property
    def named(self) -> Mapping[str, pa.Table]:
        """All of it, by names of its own."""
        return {**self.services, "units": self.units, "items": self.items, "places": self.places}


def read_words(viewer: Viewer, snapshot: Snapshot) -> Words:
    """What :func:`worded` needs."""
    items = PlanItem.objects.order_by("pk").values_list(
        "id", Concat("plan__name", Value(": "), "feature__name"), F("calc_rule__rule_type")
    )
    return Words(
        services={name: snapshot.table(query(viewer)) for name, query in SERVICE_TEXTS.items()},
        units=snapshot.table(UNIT_TEXTS(viewer)),
        items=snapshot.table(items),
        places=snapshot.table(
            _PLACES.order_by("pk").values_list("pk", "planitem", "statisticregion")
        ),
    )


def worded(
    batches: Iterable[pa.RecordBatch], month: DateRange, words: Words
) -> Iterator[pa.RecordBatch]:
    """The batches with what the standard's columns say, beside the facts themselves."""
    for batch in batches:
        facts = {name: batch.column(name) for name in batch.schema.names}
        facts |= {name: facts[name].storage.cast(UNIT_PRICE) for name in _PRICES}
        facts |= _billing_period(month, batch.num_rows)
        facts |= _terms(facts["row_kind"])
        facts |= _names(facts, words)
        facts |= _commitment(facts, words)
        yield pa.RecordBatch.from_pydict(facts)


def _billing_period(month: DateRange, rows: int) -> dict[str, pa.Array]:
    edges = {"BillingPeriodStart": month.start, "BillingPeriodEnd": month.end}
    return {
        name: pa.repeat(pa.scalar(day_start(day), TIMESTAMP), rows) for name, day in edges.items()
    }


def _terms(kinds: pa.Array) -> dict[str, pa.Array]:
    return {
        "ChargeCategory": _by_kind(kinds, lambda kind: TERMS[kind].category),
        "ChargeClass": _by_kind(kinds, lambda kind: TERMS[kind].charge_class),
        "ChargeFrequency": _by_kind(kinds, lambda kind: TERMS[kind].frequency),
        "PricingCategory": _by_kind(kinds, lambda kind: TERMS[kind].pricing_category),
        "CommitmentDiscountStatus": _by_kind(kinds, lambda kind: TERMS[kind].commitment_status),
    }


def _names(facts: Mapping[str, Any], words: Words) -> dict[str, pa.Array]:
    kinds = facts["row_kind"]
    has_sku, in_region = _is_any(kinds, _OF_A_SKU), _is_any(kinds, _OF_A_REGION)
    units = _looked_up(facts["unit_id"], words.units)
    sku, price = _where(has_sku, facts["feature_id"]), _where(has_sku, facts["plan_item_id"])
    return {
        "payer_text": _identifier("payer", facts["payer_id"]),
        "client_text": _identifier("client", facts["client_id"]),
        "RegionId": _identifier("region", _where(in_region, facts["region_id"])),
        "region_id": _where(in_region, facts["region_id"]),
        "SkuId": _identifier("feature", sku),
        "sku_id": sku,
        "SkuPriceId": _identifier("plan-item", price),
        "price_id": price,
        "PricingUnit": _where(pc.is_valid(facts["priced"].storage), units),
        "ConsumedUnit": _where(pc.is_valid(facts["consumed"].storage), units),
        "CommitmentDiscountUnit": _where(pc.is_valid(facts["commit_quantity"].storage), units),
        "ChargeDescription": _description(kinds, facts["plan_item_id"], words.items),
        **_services(facts["product_id"], words.services),
    }


def _services(products: pa.Array, services: Mapping[str, pa.Table]) -> dict[str, pa.Array]:
    """Of the product; an invoice as a whole is a service of its own."""
    nothing = {
        "ServiceCategory": OTHER[0],
        "ServiceName": WHOLE_INVOICE,
        "ServiceSubcategory": OTHER[1],
    }
    return {
        name: pc.coalesce(_looked_up(products, services[name]), text)
        for name, text in nothing.items()
    }


def _commitment(facts: Mapping[str, Any], words: Words) -> dict[str, pa.Array]:
    items = facts["commit_item_id"]
    is_commit = pc.is_valid(items)
    commit = _identifier("commit", facts["addendum_id"], items)
    name = _looked_up(items, words.items)
    itself = _is_any(facts["row_kind"], _OF_THE_COMMIT_ITSELF)
    types = _looked_up(items, words.items, column=2)
    return {
        "CommitmentDiscountId": commit,
        "CommitmentDiscountName": name,
        "CommitmentDiscountCategory": _where(is_commit, pa.scalar(_USAGE)),
        "CommitmentDiscountType": _replaced(types, _COMMIT_TYPES),
        "ResourceId": _where(itself, commit),
        "ResourceName": _where(itself, name),
        "ResourceType": _where(itself, pa.scalar(_COMMIT)),
    }


def _description(kinds: pa.Array, items: pa.Array, names: pa.Table) -> pa.Array:
    prefixes = _by_kind(kinds, lambda kind: TERMS[kind].prefix)
    return pc.binary_join_element_wise(
        prefixes.dictionary_decode(), pc.coalesce(_looked_up(items, names), ""), ""
    )


def _identifier(of: str, *ids: pa.Array) -> pa.Array:
    """Numbers as text that says what it names, and that no reader of CSV takes for a number."""
    return pc.binary_join_element_wise(of, *(each.cast(pa.string()) for each in ids), "/")


def _by_kind(kinds: pa.Array, word: Callable[[RowKind], str | None]) -> pa.DictionaryArray:
    texts = pa.array([None, *(word(kind) for kind in RowKind)], pa.string())
    return pa.DictionaryArray.from_arrays(kinds.cast(pa.int32()), texts)


def _looked_up(ids: pa.Array, table: pa.Table, *, column: int = 1) -> pa.Array:
    known = table.column(0).combine_chunks()
    texts = table.column(column).combine_chunks()
    return texts.take(pc.index_in(ids, value_set=known))


def _replaced(texts: pa.Array, by: Mapping[str, str]) -> pa.Array:
    """Texts by a table; one that it lacks stays."""
    place = pc.index_in(texts, value_set=pa.array(list(by), pa.string()))
    return pc.coalesce(pa.array(list(by.values()), pa.string()).take(place), texts)


def _is_any(kinds: pa.Array, some: Sequence[RowKind]) -> pa.Array:
    return pc.is_in(kinds, value_set=pa.array([int(kind) for kind in some], kinds.type))


def _where(holds: pa.Array, values: Any) -> pa.Array:
    return pc.if_else(holds, values, pa.scalar(None, values.type))
