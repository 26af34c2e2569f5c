"""``/trials`` against the oracle, over time, and what may start."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.wire.demo_ledger import Caller, DemoLedger
from tests.wire.oracle import (
    Oracle,
    Row,
    Wish,
    check_complete,
    check_page,
    day,
    flag,
    moment,
    moment_text,
    part,
    questions,
    several,
    whole,
)
from tollbook.api.schema import openapi_document
from tollbook.api.v1 import trials
from tollbook.contracts.models import Trial, TrialOption, TrialRange

COLUMNS = {
    "company_name": "client__company_name",
    "reseller_id": "client__reseller_id",
    "seller_id": "client__seller_id",
    "plan_name": "plan__name",
    "product_name": "product__name_en",
    "product_internal_name": "product__internal_name",
}
OPTION_COLUMNS = (
    "value",
    "used_value",
    "option_type_id",
    "option_type__name",
    "option_type__description",
    "option_type__is_limit",
    "option_type__unit_id",
    "option_type__unit__name",
    "option_type__unit__internal_name",
    "option_type__feature_id",
    "option_type__feature__name",
)
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BASE = "/billing/org/v1"


def load_rows() -> list[Row]:
    ranges: dict[int, list[Row]] = defaultdict(list)
    for each in TrialRange.objects.order_by("active_from").values():
        ranges[each["trial_id"]].append(each)
    options: dict[int, list[Row]] = defaultdict(list)
    for each in TrialOption.objects.order_by("option_type_id").values("trial_id", *OPTION_COLUMNS):
        options[each["trial_id"]].append(each)
    own = [field.attname for field in Trial._meta.fields]
    return [
        {
            **row,
            **{name: row[column] for name, column in COLUMNS.items()},
            "ranges": ranges[row["id"]],
            "options": options[row["id"]],
            "started_at": min((each["active_from"] for each in ranges[row["id"]]), default=None),
            "ended_at": latest_end(ranges[row["id"]]),
        }
        for row in Trial.objects.values(*own, *COLUMNS.values())
    ]


def latest_end(ranges: list[Row]) -> datetime | None:
    ends = [each["active_to"] for each in ranges]
    return None if None in ends else max(ends, default=None)


def shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "client_id": row["client_id"],
        "client": row["client_id"]
        and {"id": row["client_id"], "company_name": row["company_name"]},
        "product": {
            "id": row["product_id"],
            "name": row["product_name"],
            "internal_name": row["product_internal_name"],
        },
        "plan": row["plan_id"] and {"id": row["plan_id"], "name": row["plan_name"]},
        "days_limit": row["days_limit"],
        "active_ranges": [
            {"start": moment_text(each["active_from"]), "end": moment_text(each["active_to"])}
            for each in row["ranges"]
        ],
        "created_at": moment_text(row["created_at"]),
        "options": [shown_option(option) for option in row["options"]],
        "remaining_duration": days_left(row),
        "is_trial_skipped": row["is_trial_skipped"]
        and not (row["started_at"] and row["started_at"] <= NOW),
    }


def shown_option(row: Row) -> dict[str, Any]:
    return {
        "internal_name": row["option_type_id"],
        "name": row["option_type__name"],
        "description": row["option_type__description"],
        "unit": {
            "id": row["option_type__unit_id"],
            "name": row["option_type__unit__name"],
            "internal_name": row["option_type__unit__internal_name"],
        },
        "value": row["value"],
        "used_value": row["used_value"],
        "remaining_value": max(row["value"] - row["used_value"], 0),
        "is_limit": row["option_type__is_limit"],
        "feature": {
            "id": row["option_type__feature_id"],
            "name": row["option_type__feature__name"],
        },
    }


def days_left(row: Row) -> int:
    ran = sum(
        (
            max(min(each["active_to"] or NOW, NOW) - each["active_from"], timedelta())
            for each in row["ranges"]
        ),
        timedelta(),
    )
    return max((row["days_limit"] * DAY - ran) // DAY, 0)


def any_range(name: str, keeps: Callable[[Row, datetime], bool], rows: list[Row]) -> Wish:
    edges = [
        each[edge] for row in rows for each in row["ranges"] for edge in each if "active" in edge
    ]
    return moment(name, lambda row, at: any(keeps(each, at) for each in row["ranges"]), edges)


def holds(each: Row, at: datetime) -> bool:
    return bool(each["active_from"] <= at and (each["active_to"] is None or at < each["active_to"]))


def visible(caller: Caller, row: Row) -> bool:
    return row["client_id"] is None or caller.sees(row)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trials are asked about at one moment; everything else goes by the real clock."""
    set_clock(monkeypatch, NOW)


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(trials, "timezone", SimpleNamespace(now=lambda: now))


@pytest.fixture(scope="module")
def rows(demo_ledger: DemoLedger) -> list[Row]:
    return load_rows()


@pytest.fixture(scope="module")
def oracle(rows: list[Row]) -> Oracle:
    created = [row["created_at"] for row in rows]
    ids = [row["id"] for row in rows]
    edges = [
        at
        for row in rows
        for each in row["ranges"]
        for at in (each["active_from"], each["active_to"])
    ]
    return Oracle(
        path="/trials",
        rows=rows,
        wishes=[
            any_range("active_at", holds, rows),
            any_range(
                "active_after", lambda e, at: e["active_to"] is None or e["active_to"] > at, rows
            ),
            any_range("active_before", lambda e, at: e["active_from"] < at, rows),
            moment(
                "not_active_at", lambda row, at: not any(holds(e, at) for e in row["ranges"]), edges
            ),
            several("client_id", "client_id", [*(row["client_id"] for row in rows), None, 1, 101]),
            part("company_name", "company_name", rows),
            moment("created_after", lambda row, at: row["created_at"] > at, created),
            moment("created_before", lambda row, at: row["created_at"] < at, created),
            day(
                "created_on",
                lambda row, on: row["created_at"].date() == on,
                [*(at.date() for at in created), date.max, date.min],
            ),
            whole("id", "id", [*ids, 0, -1, 2**31 - 1]),
            several("plan_id", "plan_id", [11, 21, 321, 999, None]),
            part("plan_name", "plan_name", rows),
            several("product_id", "product_id", [1, 2, 4, 10, 32, 99]),
            several(
                "product_internal_name", "product_internal_name", ["CDN", "cdn", "DNS", "WAAP"]
            ),
            part("product_name", "product_name", rows),
            flag("started_at__isnull", lambda row, none: (row["started_at"] is None) == none),
        ],
        orders={
            name: name
            for name in (
                "client_id",
                "created_at",
                "ended_at",
                "id",
                "plan_id",
                "plan_name",
                "product_id",
                "product_name",
                "started_at",
            )
        },
        default=("id",),
        key=("id",),
        shown=shown,
        everyone=False,
        visible=visible,
    )


def test_the_oracle_knows_everything_that_may_be_asked(oracle: Oracle) -> None:
    check_complete(oracle)


@examples(300)
@given(data=st.data())
def test_every_page_is_the_oracles(
    oracle: Oracle, demo_ledger: DemoLedger, data: st.DataObject
) -> None:
    check_page(oracle, data.draw(questions(oracle, list(demo_ledger.callers.values()))))


def test_a_trial_is_the_same_alone_as_in_the_list(rows: list[Row], demo_ledger: DemoLedger) -> None:
    for row in rows[:40]:
        assert demo_ledger.get(f"/trials/{row['id']}") == shown(row)


def test_anothers_trial_is_404_as_if_it_did_not_exist_and_base_trials_are_everybodys(
    rows: list[Row], demo_ledger: DemoLedger
) -> None:
    for name, caller in demo_ledger.callers.items():
        own = next(row["id"] for row in rows if row["client_id"] and caller.sees(row))
        base = next(row["id"] for row in rows if row["client_id"] is None)
        assert demo_ledger.get(f"/trials/{own}", caller=name)["id"] == own
        assert demo_ledger.get(f"/trials/{base}", caller=name)["client_id"] is None
        others = [row["id"] for row in rows if not visible(caller, row)]
        for number in [*others[:2], 2**31 - 1, 0, "x", "1.0", "-1"]:
            assert caller.browser.get(f"{BASE}/trials/{number}").status_code == 404


def test_a_running_trial_loses_days_as_they_go_and_never_has_fewer_than_none(
    rows: list[Row], demo_ledger: DemoLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = next(
        row
        for row in rows
        if len(row["ranges"]) == 1 and row["ended_at"] is None and row["started_at"] < NOW
    )
    start, days = row["started_at"], row["days_limit"]

    def left(now: datetime) -> int:
        set_clock(monkeypatch, now)
        return int(demo_ledger.get(f"/trials/{row['id']}")["remaining_duration"])

    assert left(start - DAY) == left(start) == days
    assert left(start + timedelta(microseconds=1)) == left(start + DAY) == days - 1
    assert left(start + (days - 1) * DAY) == 1
    assert left(start + days * DAY) == left(start + 2 * days * DAY) == 0


def test_a_skipped_trial_that_begins_after_all_is_not_skipped_from_then_on(
    rows: list[Row], demo_ledger: DemoLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = next(row for row in rows if row["is_trial_skipped"] and row["started_at"])

    def skipped(now: datetime) -> bool:
        set_clock(monkeypatch, now)
        return bool(demo_ledger.get(f"/trials/{row['id']}")["is_trial_skipped"])

    assert skipped(row["started_at"] - timedelta(microseconds=1)) is True
    assert skipped(row["started_at"]) is False
    assert skipped(row["started_at"] + 1000 * DAY) is False


def test_the_documents_example_comes_out_of_the_book(demo_ledger: DemoLedger) -> None:
    schemas = openapi_document()["components"]["schemas"]
    (example,) = schemas["TrialForOrgSerializerV1"]["examples"]

    assert demo_ledger.get(f"/trials/{example['id']}") == example


def test_what_may_start_is_the_clients_own_trial_else_the_base_trial(
    rows: list[Row], demo_ledger: DemoLedger
) -> None:
    bases = {row["product_id"]: row for row in rows if row["client_id"] is None}
    own = {(row["client_id"], row["product_id"]): row for row in rows if row["client_id"]}
    asked = {(client_id, product_id) for client_id, _ in own for product_id in bases}

    for client_id, product_id in sorted(asked)[:200]:
        found = demo_ledger.get(
            f"/trials/start-trial-data?client_id={client_id}&product_id={product_id}"
        )
        assert found == shown(own.get((client_id, product_id), bases[product_id]))


def test_nothing_may_start_of_a_product_without_a_trial_or_for_a_client_of_others(
    rows: list[Row], demo_ledger: DemoLedger
) -> None:
    for name, caller in demo_ledger.callers.items():
        own = next(row["client_id"] for row in rows if row["client_id"] and caller.sees(row))
        others = [row["client_id"] for row in rows if not visible(caller, row)][:2]
        path = "/trials/start-trial-data"
        assert demo_ledger.get(f"{path}?client_id={own}&product_id=1", caller=name)
        for client_id, product_id in [
            (own, 5),
            (own, 2**31 - 1),
            *((each, 1) for each in (*others, 2**31 - 1, 0, -1, 101)),
        ]:
            answer = caller.browser.get(
                f"{BASE}{path}", {"client_id": client_id, "product_id": product_id}
            )
            assert answer.status_code == 404
            assert answer.json() == {
                "detail": f"there is no trial of product {product_id} for client {client_id}"
            }


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {"client_id", "product_id"}),
        ("client_id=1001", {"product_id"}),
        ("client_id=x&product_id=1", {"client_id"}),
        ("client_id=&product_id=1", {"client_id"}),
        ("client_id=1001&client_id=1002&product_id=1", {"client_id"}),
        ("client_id=1001&product_id=99999999999", {"product_id"}),
        ("client_id=1001&product_id=1&limit=1", {"limit"}),
    ],
)
def test_what_cannot_be_asked_is_400_and_named(
    query: str, fields: set[str], demo_ledger: DemoLedger
) -> None:
    browser = demo_ledger.callers["admin1"].browser
    answer = browser.get(f"{BASE}/trials/start-trial-data?{query}")

    assert answer.status_code == 400
    assert answer.json().keys() == fields


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("client_id=x", "client_id"),
        ("plan_id=1,,2", "plan_id"),
        ("product_id=null", "product_id"),
        ("active_at=yesterday", "active_at"),
        ("started_at__isnull=1", "started_at__isnull"),
        ("ordering=days_limit", "ordering"),
        ("order_by=id", "order_by"),
        ("status=active", "status"),
    ],
)
def test_a_query_that_cannot_be_taken_is_400_and_names_the_parameter(
    query: str, field: str, demo_ledger: DemoLedger
) -> None:
    answer = demo_ledger.callers["operator"].browser.get(f"{BASE}/trials?{query}")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
