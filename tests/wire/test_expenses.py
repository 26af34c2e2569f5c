"""``/expenses`` against the oracle: filters, orders, windows, decimals, and who sees what."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import (
    MOST_QUERIES,
    Asked,
    Oracle,
    Row,
    Wish,
    amount,
    check_complete,
    check_page,
    day,
    moment,
    moment_text,
    money_text,
    part,
    questions,
    several,
    whole,
)
from tollbook.catalog.models import StatisticRegion
from tollbook.clients.models import ApiKey
from tollbook.expenses.models import Expense
from tollbook.invoicing.models import InvoiceItem

CLIENTS = (1001, 1002, 1010, 1042, 1067, 1111, 1150, 1199)
DAYS = (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 2))
NAMES = {
    "company_name": "client__company_name",
    "seller_id": "client__seller_id",
    "addendum_status": "addendum__status",
    "addendum_from": "addendum__active_from",
    "addendum_to": "addendum__active_to",
    "plan_name": "plan__name",
    "plan_item_default": "plan_item__default",
    "plan_item_comment": "plan_item__comment",
    "plan_item_description": "plan_item__description",
    "product_name": "product__name_en",
    "product_internal_name": "product__internal_name",
    "product_category_name": "product_category__name",
    "feature_name": "feature__name",
    "erp_sku_id": "feature__erp_sku_id",
    "metric_ext_name": "metric__ext_name",
    "region_int_name": "region__int_name",
    "region_ext_name": "region__ext_name",
    "region_name_en": "region__name_en",
    "unit_name": "unit__name",
    "char_code": "currency__char_code",
    "symbol": "currency__symbol",
    "relative_value": "discount__relative_value",
    "discount_comment": "discount__comment",
}
EDGE = datetime(2026, 10, 1, tzinfo=UTC)
RARE: tuple[dict[str, Any], ...] = (
    {"money_value": Decimal("99999999999999999999999999.999999999999"), "comment": "100 %_\\ É"},
    {"money_value": Decimal("-0.000000000001"), "tax_value": Decimal("-0.5"), "deleted": True},
    {"money_value": Decimal("0.005"), "discount_value": Decimal("2.5"), "comment": ""},
    {"money_value": Decimal("1.994999999999"), "description": '"quoted" \\ and \u2028 <é>'},
    {"period_start": EDGE, "period_end": EDGE + timedelta(microseconds=1)},
    {"period_start": EDGE - timedelta(seconds=1), "period_end": EDGE, "deleted": True},
    {"created_at": EDGE, "subscription_id": None, "discount_id": None},
    {"created_at": EDGE - timedelta(microseconds=1), "tax_rate": Decimal("99.99")},
    {"tax_rate": Decimal(0), "calc_rule_type": "staged"},
)


@pytest.fixture(scope="module")
def rare(demo_ledger: DemoLedger) -> Iterator[None]:
    """Expenses that the book has no reason to hold, for as long as this module runs."""
    with transaction.atomic():
        nameless = StatisticRegion.objects.get(int_name="100%_é")
        some = Expense.objects.filter(client_id__in=CLIENTS, deleted=False)
        models = some.order_by("addendum_id").distinct("addendum_id")[: len(RARE)]
        for number, (row, changes) in enumerate(zip(models, RARE, strict=True)):
            row.id, row.revision, row.kind = 9_000_000_000 + number, 7, "correction"
            row.region = nameless
            for name, value in {"deleted": False, **changes}.items():
                setattr(row, name, value)
        Expense.objects.bulk_create(models)
        yield
        transaction.set_rollback(True)


class Rows(list[Row]):
    """Many rows, of which a failing test need not print all."""

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"


def load_rows(condition: Q) -> Rows:
    found = Expense.objects.filter(condition).values(
        *(field.attname for field in Expense._meta.fields), *NAMES.values()
    )
    rows = Rows({**row, **{name: row[column] for name, column in NAMES.items()}} for row in found)
    for row in rows:
        row["region_name"] = row["region_name_en"] or row["region_ext_name"]
    billed = items_by_key()
    for row in rows:
        row["invoices"] = [] if row["deleted"] else billed.get(billing_key(row), [])
    return rows


def billing_key(row: Row) -> tuple[Any, ...]:
    """What an expense and its item have in common."""
    names = ("client_id", "currency_id", "payer_id", "addendum_id", "plan_item_id", "unit_id")
    months = (row["for_date"].replace(day=1), row["period_start"].date().replace(day=1))
    return (*(row[name] for name in names), *months, row["kind"], row["tax_rate"])


def items_by_key() -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    items = InvoiceItem.objects.filter(is_rounding=False).select_related("invoice")
    for item in items.order_by("invoice_id"):
        key = (
            item.invoice.client_id,
            item.invoice.currency_id,
            item.invoice.payer_id,
            item.addendum_id,
            item.plan_item_id,
            item.unit_id,
            item.invoice.month,
            item.charge_month,
            item.kind,
            item.tax_rate,
        )
        told = {
            "invoice_id": item.invoice_id,
            "invoice_date": f"{item.invoice.invoice_date}",
            "invoice_item_id": item.pk,
        }
        found.setdefault(key, []).append(told)
    return found


def shown(row: Row) -> dict[str, Any]:
    discount = {
        "id": row["discount_id"],
        "relative_value": money_text(row["relative_value"]),
        "comment": row["discount_comment"],
    }
    return {
        "id": row["id"],
        "client_id": row["client_id"],
        "payer_id": row["payer_id"],
        "client": {"id": row["client_id"], "company_name": row["company_name"]},
        "comment": row["comment"],
        "for_date": f"{row['for_date']}T00:00:00.000000Z",
        "period_range": {
            "start": moment_text(row["period_start"]),
            "end": moment_text(row["period_end"]),
        },
        "calc_rule_type": row["calc_rule_type"],
        "currency": {
            "id": row["currency_id"],
            "char_code": row["char_code"],
            "symbol": row["symbol"],
        },
        "money_value": money_text(row["money_value"]),
        "tax_value": money_text(row["tax_value"]),
        "tax_rate": money_text(row["tax_rate"], 2),
        "usage": {"amount": money_text(row["usage"]), "unit_name": row["unit_name"]},
        "metric_ext_name": row["metric_ext_name"],
        "region": {
            "id": row["region_id"],
            "name": row["region_name"],
            "external_name": row["region_ext_name"],
        },
        "discount_value": money_text(row["discount_value"]),
        "discount": None if row["discount_id"] is None else discount,
        "deleted": row["deleted"],
        "description": row["description"],
        "product_category": {
            "id": row["product_category_id"],
            "name": row["product_category_name"],
        },
        "product": {
            "id": row["product_id"],
            "name": row["product_name"],
            "internal_name": row["product_internal_name"],
        },
        "addendum": {
            "id": row["addendum_id"],
            "active_range": {
                "start": moment_text(row["addendum_from"]),
                "end": moment_text(row["addendum_to"]),
            },
            "status": row["addendum_status"],
        },
        "plan": {"id": row["plan_id"], "name": row["plan_name"]},
        "feature": {
            "id": row["feature_id"],
            "name": row["feature_name"],
            "erp_sku_id": row["erp_sku_id"],
        },
        "subscription": None if row["subscription_id"] is None else str(row["subscription_id"]),
        "plan_item": {
            "id": row["plan_item_id"],
            "default": row["plan_item_default"],
            "comment": row["plan_item_comment"],
            "description": row["plan_item_description"],
        },
        "invoices": row["invoices"],
    }


@pytest.fixture(scope="module")
def oracle(demo_ledger: DemoLedger, rare: None) -> Oracle:
    rows = load_rows(Q(client_id__in=CLIENTS) | Q(for_date__in=DAYS))
    return Oracle(
        path="/expenses",
        rows=rows,
        wishes=wishes(rows),
        orders={
            **{name: name for name in SAME_ORDERS},
            "period_range_end": "period_end",
            "period_range_start": "period_start",
        },
        default=("for_date",),
        key=("id",),
        shown=shown,
        everyone=False,
        elsewhere={"money_decimals"},
        most=4_000,
    )


SAME_ORDERS = (
    "addendum_id",
    "calc_rule_type",
    "created_at",
    "currency_id",
    "feature_name",
    "for_date",
    "id",
    "money_value",
    "plan_item_id",
    "product_id",
    "product_name",
    "region_id",
    "region_name",
    "tax_rate",
)
IDS = (
    "addendum_id",
    "client_id",
    "currency_id",
    "discount_id",
    "feature_id",
    "metric_id",
    "payer_id",
    "plan_id",
    "product_category_id",
    "product_id",
    "region_id",
    "subscription_id",
)
NULLABLE = {"addendum_id", "discount_id", "feature_id", "subscription_id"}
PARTS = (
    "comment",
    "company_name",
    "description",
    "feature_name",
    "metric_ext_name",
    "plan_name",
    "product_category_name",
    "product_name",
    "region_name",
)


def _billed_in(name: str, number: int) -> Asked:
    def keeps(row: Row) -> bool:
        return any(item[name] == number for item in row["invoices"])

    return Asked(((name, str(number)),), keeps)


def wishes(rows: list[Row]) -> list[Wish]:
    def known(column: str, *more: Any) -> list[Any]:
        values = {row[column] for row in rows if row[column] is not None}
        return [*sorted(values)[:40], *more]

    def billed(name: str) -> list[Asked]:
        numbers = {item[name] for row in rows for item in row["invoices"]}
        return [_billed_in(name, number) for number in (*sorted(numbers)[:40], 10**9)]

    by_moment: dict[str, tuple[str, Callable[[Row, datetime], bool]]] = {
        "created_after": ("created_at", lambda row, at: row["created_at"] > at),
        "created_before": ("created_at", lambda row, at: row["created_at"] < at),
        "for_date": ("day", lambda row, at: row["for_date"] == at.date()),
        "for_date_after": ("day", lambda row, at: row["for_date"] >= at.date()),
        "for_date_before": ("day", lambda row, at: row["for_date"] <= at.date()),
        "period_contains": ("period_start", _in_period),
        "period_outside": ("period_end", lambda row, at: not _in_period(row, at)),
        "period_starts_after": ("period_start", lambda row, at: row["period_start"] > at),
        "period_ends_before": ("period_end", lambda row, at: row["period_end"] < at),
    }
    edges = {
        "day": [datetime.combine(row["for_date"], time(), tzinfo=UTC) for row in rows],
        **{
            column: [row[column] for row in rows]
            for column in ("created_at", "period_start", "period_end")
        },
    }
    amounts = known("money_value", Decimal("99999999999999999999999999.999999999999"))
    return [
        *(
            several(name, name, known(name, 2**31 - 1, *([None] if name in NULLABLE else [])))
            for name in IDS
        ),
        *(part(name, name, rows) for name in PARTS),
        *(moment(name, keeps, edges[column]) for name, (column, keeps) in by_moment.items()),
        several("calc_rule_type", "calc_rule_type", known("calc_rule_type")),
        day(
            "created_on",
            lambda row, on: row["created_at"].date() == on,
            [*(row["created_at"].date() for row in rows), date.max, date.min],
        ),
        several("currency_char_code", "char_code", ["USD", "EUR", "usd", "XXX"]),
        Wish(
            "deleted", st.sampled_from(("true", "false", "none", "True", "NONE")).map(_deleted)
        ),
        whole("id", "id", known("id", 9_000_000_003, -1, 2**63 - 1)),
        Wish("invoice_id", st.sampled_from(billed("invoice_id"))),
        Wish("invoice_item_id", st.sampled_from(billed("invoice_item_id"))),
        *(
            amount(name, keeps, amounts, json_number=True)
            for name, keeps in AMOUNT_RULES.items()
        ),
        amount(
            "tax_rate", lambda row, rate: row["tax_rate"] == rate, known("tax_rate"),
            json_number=True,
        ),
        several("product_internal_name", "product_internal_name", ["CDN", "cdn", "CLOUD", "DDOS"]),
        several("region_int_name", "region_int_name", known("region_int_name", "100%_é")),
    ]  # fmt: skip


AMOUNT_RULES: dict[str, Callable[[Row, Decimal], bool]] = {
    "money_value": lambda row, value: row["money_value"] == value,
    "money_value__from": lambda row, value: row["money_value"] >= value,
    "money_value__to": lambda row, value: row["money_value"] <= value,
}


def _in_period(row: Row, at: datetime) -> bool:
    return bool(row["period_start"] <= at < row["period_end"])


def _deleted(text: str) -> Asked:
    wanted = {"true": (True,), "false": (False,), "none": (True, False)}[text.lower()]
    return Asked((("deleted", text),), lambda row: row["deleted"] in wanted)


OF_CLIENTS = Asked(
    tuple(("client_id", str(number)) for number in CLIENTS), lambda row: row["client_id"] in CLIENTS
)
OF_DAYS = Asked(
    (("for_date_after", str(DAYS[0])), ("for_date_before", str(DAYS[-1]))),
    lambda row: DAYS[0] <= row["for_date"] <= DAYS[-1],
)


@examples(300)
@given(data=st.data(), pin=st.sampled_from((OF_CLIENTS, OF_DAYS)))
def test_every_page_is_the_oracles(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject, pin: Asked
) -> None:
    question = data.draw(questions(oracle, list(demo_ledger.callers.values())))
    taken = {name for name, _ in pin.pairs}
    free = [one for one in question.asked if not taken & {name for name, _ in one.pairs}]

    check_page(oracle, replace(question, asked=(pin, *free)))


def test_the_oracle_knows_every_filter_and_order(oracle: Oracle) -> None:
    check_complete(oracle)


KEPT: dict[str, Callable[[Row], bool]] = {
    "": lambda _: True,
    "deleted=false": lambda row: not row["deleted"],
    "for_date_after=2026-09-14": lambda row: bool(row["for_date"] >= date(2026, 9, 14)),
    "product_id=1": lambda row: bool(row["product_id"] == 1),
}
WINDOWS = (0, 1, 19, 99, 100, 2_000, 61_234, 94_000, 188_000, 188_287, 188_300)


@pytest.mark.long
@pytest.mark.parametrize("caller", ["operator", "admin1", "seller1", "client"])
@pytest.mark.parametrize(
    "query", ["", "deleted=false", "for_date_after=2026-09-14", "product_id=1"]
)
def test_windows_deep_in_the_whole_book_hold_what_comes_there(
    caller: str, query: str, demo_ledger: DemoLedger, rare: None
) -> None:
    columns = ("id", "for_date", "client_id", "reseller_id", "deleted", "product_id")
    every_row = Expense.objects.values(*columns, seller_id=F("client__seller_id"))
    who = demo_ledger.callers[caller]
    rows = [row for row in every_row if who.sees(row) and KEPT[query](row)]
    orders = {
        "": sorted(rows, key=lambda row: (row["for_date"], row["id"])),
        "&ordering=-for_date": sorted(
            rows, key=lambda row: (-row["for_date"].toordinal(), row["id"])
        ),
        "&ordering=for_date,-id": sorted(rows, key=lambda row: (row["for_date"], -row["id"])),
        "&ordering=-id": sorted(rows, key=lambda row: -row["id"]),
    }
    for ordering, ordered in orders.items():
        for offset in (*WINDOWS, len(rows) - 1, len(rows) - 100, len(rows)):
            address = f"/expenses?{query}&limit=100{ordering}&offset={max(offset, 0)}"
            page = demo_ledger.get(address, caller=caller)

            wanted = [row["id"] for row in ordered[max(offset, 0) : max(offset, 0) + 100]]
            assert page["count"] == len(rows)
            assert [item["id"] for item in page["results"]] == wanted


@pytest.mark.parametrize(
    ("places", "money", "discount"),
    [
        ("max", "0.005000000000", "2.500000000000"),
        ("12", "0.005000000000", "2.500000000000"),
        ("3", "0.005", "2.500"),
        ("2", "0.01", "2.50"),
        ("0", "0", "3"),
    ],
)
def test_money_decimals_rounds_half_up(
    places: str, money: str, discount: str, demo_ledger: DemoLedger, rare: None
) -> None:
    page = demo_ledger.get(f"/expenses?id=9000000002&money_decimals={places}")

    (item,) = page["results"]
    assert (item["money_value"], item["discount_value"]) == (money, discount)


def test_what_rounds_to_nothing_has_no_sign_and_halves_go_away_from_zero(
    demo_ledger: DemoLedger, rare: None
) -> None:
    (item,) = demo_ledger.get("/expenses?id=9000000001&money_decimals=0")["results"]

    assert (item["money_value"], item["tax_value"]) == ("0", "-1")


def test_an_expense_reads_as_in_the_list(demo_ledger: DemoLedger, rare: None) -> None:
    for number in (1, 9_000_000_000, 9_000_000_006):
        (listed,) = demo_ledger.get(f"/expenses?id={number}")["results"]

        assert demo_ledger.get(f"/expenses/{number}") == listed


def test_another_sellers_expense_is_404_as_if_it_did_not_exist(demo_ledger: DemoLedger) -> None:
    for name in ("admin1", "seller1", "client"):
        who = demo_ledger.callers[name]
        some = load_rows(Q(for_date=DAYS[0]))
        own = next(row["id"] for row in some if who.sees(row))
        others = next(row["id"] for row in some if not who.sees(row))

        assert demo_ledger.get(f"/expenses/{own}", caller=name)["id"] == own
        for number in (others, 2**63 - 1, 2**63, 0, "1.0", "x", "-1"):
            answer = who.browser.get(f"/billing/org/v1/expenses/{number}")
            assert answer.status_code == 404, number


def test_the_first_page_of_a_new_key_takes_four_queries_at_most(demo_ledger: DemoLedger) -> None:
    who = demo_ledger.callers["seller1"]
    ApiKey.objects.filter(user_id=who.user_id).update(last_used_at=None)

    for query in ("limit=100", "limit=100&ordering=-product_name&region_name=a&company_name=e"):
        with CaptureQueriesContext(connection) as queries:
            page = demo_ledger.get(f"/expenses?{query}", caller="seller1")

        assert page["results"]
        assert len(queries) <= MOST_QUERIES
