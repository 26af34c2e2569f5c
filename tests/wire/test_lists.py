"""Lists: filters, orders, windows, and how few queries they take."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from tests.wire.book import Callers, erp_invoice, report_task
from tests.wire.conftest import Ask
from tollbook.filetasks.models import FileTask

MOMENT = datetime(2026, 10, 5, 12, 30, 0, 500_000, tzinfo=UTC)


@pytest.fixture
def reports(callers: Callers) -> dict[str, FileTask]:
    """Three reports with known moments, states, clients and uuids."""
    book = callers.book
    kinds: dict[str, dict[str, Any]] = {
        "early": {"status": "Failed", "created_at": MOMENT - timedelta(days=1)},
        "middle": {"status": "Cancelled", "created_at": MOMENT, "client_id": book.fjord.pk},
        "late": {"created_at": MOMENT + timedelta(days=1), "template": "100%_Other"},
    }
    return {
        name: report_task(book.admin, uuid=f"{number}0000000-0000-4000-8000-00000000000a", **kind)
        for number, (name, kind) in enumerate(kinds.items(), start=1)
    }


FOUND = [
    ("", {"early", "middle", "late"}),
    ("status=Failed", {"early"}),
    ("status=Failed&status=Cancelled", {"early", "middle"}),
    ("status=Failed,Cancelled", {"early", "middle"}),
    ("status=Completed", set()),
    ("template=reseller", {"early", "middle"}),
    ("template=other", {"late"}),
    ("template=%25_", {"late"}),
    ("template=_", {"late"}),
    ("template=%5C", set()),
    ("uuid=1", {"early"}),
    ("uuid=20000000-0000-4000-8000-00000000000A", {"middle"}),
    ("uuid=0000", set()),
    ("created_after=2026-10-05T12:30:00.5Z", {"late"}),
    ("created_after=2026-10-05T12:30:00.499999Z", {"middle", "late"}),
    ("created_after=2026-10-05%2012:30:00", {"middle", "late"}),
    ("created_after=2026-10-05", {"middle", "late"}),
    ("created_after=2026-10-05T14:30:00.4%2B02:00", {"middle", "late"}),
    ("created_after=2026-10-05T14:30:00.4+02:00", {"middle", "late"}),
    ("created_after=2026-10-05T14:30:00.6+02:00", {"late"}),
    ("created_after=2026-10-05t12:30:00z", {"middle", "late"}),
    ("created_before=2026-10-05T12:30:00.5Z", {"early"}),
    ("created_before=2026-10-05T10:30:00.6-02:00", {"early", "middle"}),
    ("created_before=9999-12-31T23:59:59-23:59", {"early", "middle", "late"}),
    ("created_after=0001-01-01T00:00:00%2B23:59", {"early", "middle", "late"}),
    ("created_on=2026-10-05", {"middle"}),
    ("created_on=9999-12-31", set()),
    ("created_after=2026-10-05&created_before=2026-10-06&status=Cancelled", {"middle"}),
]


@pytest.mark.parametrize(("query", "names"), FOUND)
def test_filters_of_reports_keep_what_they_say(
    query: str, names: set[str], ask: Ask, reports: dict[str, FileTask]
) -> None:
    page = ask("GET", "/reports", QUERY_STRING=query).json()

    found = {item["uuid"] for item in page["results"]}
    assert found == {reports[name].uuid for name in names}
    assert page["count"] == len(names)


def test_reports_are_found_by_client(
    ask: Ask, callers: Callers, reports: dict[str, FileTask]
) -> None:
    fjord, north = callers.book.fjord.pk, callers.book.admin.reseller_id

    for query, names in (
        (f"client_id={fjord}", {"middle"}),
        (f"client_id={fjord}.0", {"middle"}),
        (f"client_id={north}", {"early", "late"}),
    ):
        page = ask("GET", "/reports", QUERY_STRING=query).json()
        assert {item["uuid"] for item in page["results"]} == {reports[each].uuid for each in names}


ORDERS = [
    ("", ["late", "middle", "early"]),
    ("ordering=created_at", ["early", "middle", "late"]),
    ("ordering=-created_at", ["late", "middle", "early"]),
    ("order_by=created_at.asc", ["early", "middle", "late"]),
    ("order_by=template.asc,created_at.desc", ["late", "middle", "early"]),
    ("ordering=status", ["middle", "early", "late"]),
    ("ordering=task_type,-uuid", ["late", "middle", "early"]),
    ("ordering=task_type", ["early", "middle", "late"]),
    ("ordering=task_type&order_by=uuid.desc", ["late", "middle", "early"]),
    ("ordering=-uuid,uuid", ["late", "middle", "early"]),
]


@pytest.mark.parametrize(("query", "names"), ORDERS)
def test_reports_come_in_the_order_that_is_asked_and_the_key_ends_it(
    query: str, names: list[str], ask: Ask, reports: dict[str, FileTask]
) -> None:
    page = ask("GET", "/reports", QUERY_STRING=query).json()

    assert [item["uuid"] for item in page["results"]] == [reports[name].uuid for name in names]


@pytest.fixture
def invoices(callers: Callers) -> dict[str, int]:
    """Three invoices that differ in everything that can be asked for."""
    book = callers.book
    kinds: dict[str, tuple[Any, dict[str, Any]]] = {
        "usual": (book.fjord, {}),
        "refund": (
            book.brook,
            {
                "move_type": "out_refund",
                "payment_state": "paid",
                "amount_untaxed": Decimal("0.000000000001"),
                "amount_tax": Decimal(0),
                "amount_total": Decimal("0.000000000001"),
            },
        ),
        "euro": (
            book.fjord,
            {
                "currency": book.eur,
                "payment_state": "in_payment",
                "invoice_date": date(2026, 11, 1),
                "billing_period_from": date(2026, 10, 1),
                "billing_period_to": date(2026, 10, 31),
                "amount_untaxed": Decimal("99999999999999999999999999.000000000001"),
                "amount_tax": Decimal(0),
                "amount_total": Decimal("99999999999999999999999999.000000000001"),
            },
        ),
    }
    return {name: erp_invoice(client, name, **kind).pk for name, (client, kind) in kinds.items()}


INVOICES_FOUND = [
    ("move_type=out_refund", {"refund"}),
    ("payment_state=not_paid", {"usual"}),
    ("currency=EUR", {"euro"}),
    ("currency=eur", set()),
    ("currency=", set()),
    ("invoice_date__from=2026-10-01", {"usual", "refund", "euro"}),
    ("invoice_date__from=2026-10-02", {"euro"}),
    ("invoice_date__to=2026-10-01", {"usual", "refund"}),
    ("billing_period_from__from=2026-10-01", {"euro"}),
    ("billing_period_to__to=2026-09-30", {"usual", "refund"}),
    ("billing_period_to__to=2026-09-29", set()),
    ("move_type=out_invoice&currency=USD", {"usual"}),
]


@pytest.mark.parametrize(("query", "names"), INVOICES_FOUND)
def test_filters_of_invoices_keep_what_they_say(
    query: str, names: set[str], ask: Ask, invoices: dict[str, int]
) -> None:
    page = ask("GET", "/erp-invoices", QUERY_STRING=query).json()

    assert {item["id"] for item in page["results"]} == {invoices[name] for name in names}


def test_amounts_keep_every_digit_and_sort_as_numbers(ask: Ask, invoices: dict[str, int]) -> None:
    page = ask("GET", "/erp-invoices", QUERY_STRING="ordering=-amount_total").json()

    assert [item["amount_total"] for item in page["results"]] == [
        "99999999999999999999999999.000000000001",
        "120.000000000000",
        "0.000000000001",
    ]


TEMPLATES_FOUND = [
    ("", 6),
    ("code=ResellerExpenses", 1),
    ("code=resellerexpenses", 0),
    ("code__icontains=EXPENSES", 1),
    ("code__in=ResellerPlans,ResellerExpenses", 2),
    ("code__in=ResellerPlans&code__in=ResellerExpenses", 2),
    ("code__in=", 0),
    ("comment__icontains=x", 0),
    ("description__icontains=CHARGED", 1),
    ("id=1", 1),
    ("id__gt=1", 5),
    ("id__gt=0&id__lt=2", 1),
    ("id__in=1,7", 1),
    ("id__in=7", 0),
    ("name_en__icontains=reseller", 4),
    ("ordering=code,-parameters&order_by=name_en.desc", 6),
]


@pytest.mark.parametrize(("query", "count"), TEMPLATES_FOUND)
def test_templates_are_found_by_their_filters(query: str, count: int, ask: Ask) -> None:
    page = ask("GET", "/reports/templates", QUERY_STRING=query).json()

    assert page["count"] == len(page["results"]) == count


def test_following_next_and_previous_meets_every_item_once(ask: Ask, callers: Callers) -> None:
    numbers = [erp_invoice(callers.book.fjord, f"INV/{n:03}").pk for n in range(45)]
    browser = Browser(headers={"Authorization": callers.admin})

    page = ask("GET", "/erp-invoices", QUERY_STRING="ordering=name&client_id=%31" + "").json()
    assert page["count"] == 0
    page = ask("GET", "/erp-invoices", QUERY_STRING="ordering=currency").json()
    assert list(page) == ["ordering"]

    met, page = [], ask("GET", "/erp-invoices", QUERY_STRING="ordering=invoice_date").json()
    while True:
        met += [item["id"] for item in page["results"]]
        if page["next"] is None:
            break
        address = urlsplit(page["next"])
        page = browser.get(f"{address.path}?{address.query}").json()
    assert met == sorted(numbers)
    assert len(page["results"]) == 5

    back = []
    while page["previous"] is not None:
        address = urlsplit(page["previous"])
        page = browser.get(f"{address.path}?{address.query}").json()
        back = [item["id"] for item in page["results"]] + back
    assert back == sorted(numbers)[:40]


def test_more_than_a_hundred_is_served_as_a_hundred_and_the_link_says_so(
    ask: Ask, callers: Callers
) -> None:
    for number in range(101):
        report_task(callers.book.admin, uuid=f"{number:08}-0000-4000-8000-000000000000")

    page = ask("GET", "/reports", QUERY_STRING="limit=1000&status=Pending").json()

    assert page["count"] == 101
    assert len(page["results"]) == 100
    assert page["next"].endswith("?limit=100&offset=100&status=Pending")


def test_links_keep_odd_values(ask: Ask, callers: Callers) -> None:
    for number in range(2):
        report_task(callers.book.admin, template=f"a&b=ü {number}")

    page = ask("GET", "/reports", QUERY_STRING="limit=1&template=a%26b%3D%C3%BC").json()

    assert page["count"] == 2
    assert page["next"].endswith("?limit=1&offset=1&template=a%26b%3D%C3%BC")


def test_an_offset_past_the_end_is_an_empty_page(ask: Ask, callers: Callers) -> None:
    report_task(callers.book.admin)

    page = ask("GET", "/reports", QUERY_STRING="offset=2147483647").json()

    assert (page["count"], page["next"], page["results"]) == (1, None, [])


@pytest.mark.parametrize("path", ["/reports", "/erp-invoices", "/reports/templates"])
def test_a_page_takes_four_queries_at_most(
    path: str,
    ask: Ask,
    callers: Callers,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(100):
        erp_invoice(callers.book.fjord, f"INV/{number}")
        report_task(callers.book.admin)

    with django_assert_max_num_queries(4):
        page = ask("GET", path, QUERY_STRING="limit=100").json()

    assert path == "/reports/templates" or len(page["results"]) == 100
