"""``/plans/contents`` against the oracle, and how many decimals its prices have."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import (
    Oracle,
    Row,
    check_complete,
    check_filters_alone,
    check_page,
    flag,
    money_text,
    part,
    questions,
    several,
    whole,
)
from tollbook.catalog.models import PlanItem, Price, PriceStage, StatisticRegion

COLUMNS = {
    "plan_id": "plan_item__plan_id",
    "plan_name": "plan_item__plan__name",
    "default": "plan_item__default",
    "default_value": "plan_item__default_value",
    "comment": "plan_item__comment",
    "unit_size": "plan_item__unit_size",
    "feature_id": "plan_item__feature_id",
    "feature_name": "plan_item__feature__name",
    "erp_sku_id": "plan_item__feature__erp_sku_id",
    "metric_id": "plan_item__feature__metric_id",
    "metric_ext_name": "plan_item__feature__metric__ext_name",
    "product_id": "plan_item__plan__product_id",
    "product_name": "plan_item__plan__product__name_en",
    "product_internal_name": "plan_item__plan__product__internal_name",
    "category_id": "plan_item__plan__product__category_id",
    "category_name": "plan_item__plan__product__category__name",
    "calc_rule_type": "plan_item__calc_rule__rule_type",
    "unit_id": "plan_item__unit_id",
    "unit_name": "plan_item__unit__name",
    "unit_internal_name": "plan_item__unit__internal_name",
    "char_code": "currency__char_code",
    "symbol": "currency__symbol",
    "round_unit_id": "plan_item__rounding_rule__unit_id",
    "round_unit_name": "plan_item__rounding_rule__unit__name",
    "round_unit_internal_name": "plan_item__rounding_rule__unit__internal_name",
    "round_value": "plan_item__rounding_rule__value",
    "round_operation": "plan_item__rounding_rule__round_operation",
}


def load_rows() -> list[Row]:
    stages: dict[int, list[Row]] = defaultdict(list)
    for stage in PriceStage.objects.order_by("threshold").values():
        stages[stage["price_id"]].append(stage)
    regions = {row["id"]: row for row in StatisticRegion.objects.values()}
    counted: dict[int, list[Row]] = defaultdict(list)
    pairs = PlanItem.regions.through.objects.values_list("planitem_id", "statisticregion_id")
    for item_id, region_id in sorted(pairs):
        counted[item_id].append(regions[region_id])
    own = [field.attname for field in Price._meta.fields]
    found = Price.objects.values(*own, *COLUMNS.values())
    return [
        {
            **row,
            **{name: row[column] for name, column in COLUMNS.items()},
            "stages": stages[row["id"]],
            "regions": counted[row["plan_item_id"]],
        }
        for row in found
    ]


def region_name(region: Row) -> str:
    return str(region["name_en"] or region["ext_name"])


def shown(row: Row) -> dict[str, Any]:
    rounding = {
        "unit": {
            "id": row["round_unit_id"],
            "name": row["round_unit_name"],
            "internal_name": row["round_unit_internal_name"],
        },
        "value": money_text(row["round_value"], 8),
        "round_operation": row["round_operation"],
    }
    return {
        "id": row["id"],
        "plan_item_id": row["plan_item_id"],
        "plan_id": row["plan_id"],
        "default": row["default"],
        "feature": {
            "id": row["feature_id"],
            "name": row["feature_name"],
            "erp_sku_id": row["erp_sku_id"],
        },
        "metric_ext_name": row["metric_ext_name"],
        "regions": [
            {"id": each["id"], "name": region_name(each), "external_name": each["ext_name"]}
            for each in row["regions"]
        ],
        "product_category": {"id": row["category_id"], "name": row["category_name"]},
        "product": {
            "id": row["product_id"],
            "name": row["product_name"],
            "internal_name": row["product_internal_name"],
        },
        "calc_rule_type": row["calc_rule_type"],
        "unit": {
            "id": row["unit_id"],
            "name": row["unit_name"],
            "internal_name": row["unit_internal_name"],
        },
        "unit_size": money_text(row["unit_size"], 8),
        "price": {
            "currency": {
                "id": row["currency_id"],
                "char_code": row["char_code"],
                "symbol": row["symbol"],
            },
            "money_value": money_text(row["money_value"]),
            "price_stages": [
                {
                    "money_value": money_text(stage["money_value"]),
                    "threshold": money_text(stage["threshold"]),
                }
                for stage in row["stages"]
            ],
        },
        "default_value": money_text(row["default_value"], 8),
        "rounding_rule": rounding if row["round_unit_id"] else None,
        "comment": row["comment"] or "",
    }


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger) -> Oracle:
    rows = load_rows()
    return Oracle(
        path="/plans/contents",
        rows=rows,
        wishes=[
            several(
                "calc_rule_type", "calc_rule_type", ["commit", "overcommit", "staged", "stepped"]
            ),
            part("comment", "comment", rows),
            several("currency_char_code", "char_code", ["USD", "EUR", "usd"]),
            several("currency_id", "currency_id", [1, 2, 3, None]),
            flag("default", lambda row, asked: row["default"] is asked),
            several("feature_id", "feature_id", [101, 102, 501, 9]),
            part("feature_name", "feature_name", rows),
            whole("id", "id", [*(row["id"] for row in rows), 0]),
            part("metric_ext_name", "metric_ext_name", rows),
            several("metric_id", "metric_id", [1, 2, 7, 18, None]),
            several("plan_id", "plan_id", [1, 11, 13, 52, 999]),
            part("plan_name", "plan_name", rows),
            several("product_category_id", "category_id", [1, 2, 3, 4]),
            part("product_category_name", "category_name", rows),
            several("product_id", "product_id", [1, 2, 5, 10]),
            several("product_internal_name", "product_internal_name", ["CDN", "CLOUD", "cdn"]),
            part("product_name", "product_name", rows),
            several(
                "region_id", lambda row: [each["id"] for each in row["regions"]], [1, 2, 21, 51, 9]
            ),
            several(
                "region_int_name",
                lambda row: [each["int_name"] for each in row["regions"]],
                ["eu", "global", "100%_é", "100%", "EU"],
            ),
            part("region_name", lambda row: [region_name(each) for each in row["regions"]], rows),
        ],
        orders={
            "calc_rule_type": "calc_rule_type",
            "currency_id": "currency_id",
            "default": "default",
            "feature_name": "feature_name",
            "id": "id",
            "plan_id": "plan_id",
            "product_id": "product_id",
            "product_name": "product_name",
        },
        default=("id",),
        key=("id",),
        shown=shown,
        elsewhere={"addendum_id", "money_decimals"},
    )


def test_the_oracle_knows_the_whole_list(oracle: Oracle) -> None:
    check_complete(oracle)


@pytest.mark.long
@examples(25)
@given(data=st.data())
def test_every_filter_alone_keeps_what_it_says(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_filters_alone(oracle, demo_ledger.callers["operator"], data)


@examples(200)
@given(data=st.data())
def test_every_page_is_the_oracles(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(oracle, data.draw(questions(oracle, list(demo_ledger.callers.values()))))


@pytest.mark.parametrize("places", [*map(str, range(13)), "max"])
def test_prices_have_as_many_decimals_as_are_asked_rounded_half_up(
    places: str, oracle: Oracle, demo_ledger: DemoLedger
) -> None:
    by_id = {row["id"]: row for row in oracle.rows}
    page = demo_ledger.get(f"/plans/contents?limit=100&money_decimals={places}")
    step = Decimal(1).scaleb(-12 if places == "max" else -int(places))

    assert len(page["results"]) == len(oracle.rows) <= 100
    for item in page["results"]:
        row, price = by_id[item["id"]], item["price"]
        wanted = [row["money_value"], *(stage["money_value"] for stage in row["stages"])]
        given = [price["money_value"], *(stage["money_value"] for stage in price["price_stages"])]
        assert given == [f"{each.quantize(step, ROUND_HALF_UP):f}" for each in wanted]
        assert all(len(s["threshold"].partition(".")[2]) == 12 for s in price["price_stages"])


@pytest.mark.parametrize("places", ["13", "-1", "1.0", "MAX", "", "٣"])
def test_other_numbers_of_decimals_are_refused(places: str, demo_ledger: DemoLedger) -> None:
    browser = demo_ledger.callers["admin1"].browser
    answer = browser.get("/billing/org/v1/plans/contents", {"money_decimals": places})

    assert answer.status_code == 400
    assert list(answer.json()) == ["money_decimals"]


def test_an_addendum_finds_its_plan_in_its_currency_for_those_who_may_know_of_it(
    demo_ledger: DemoLedger,
) -> None:
    admin = "admin1"
    own, second = demo_ledger.get("/addendums?limit=2&product_id=1", caller=admin)["results"]
    path = f"/plans/contents?limit=100&addendum_id={own['id']},{second['id']}"
    pairs = {(each["plan"]["id"], each["currency"]["id"]) for each in (own, second)}
    wanted = [
        item["id"]
        for item in demo_ledger.get("/plans/contents?limit=100")["results"]
        if (item["plan_id"], item["price"]["currency"]["id"]) in pairs
    ]

    assert [item["id"] for item in demo_ledger.get(path, caller=admin)["results"]] == wanted != []
    assert demo_ledger.get(path, caller="admin3")["count"] == 0
    assert demo_ledger.get("/plans/contents?addendum_id=999999")["count"] == 0
