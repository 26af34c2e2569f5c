"""Rows of a finished result, a page at a time: columns, filters, orders, and who may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.wire.book import ROWS, Callers, finished_report, report_task
from tests.wire.conftest import BASE, Ask
from tollbook.api import row_lists
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store

NAME = ROWS["company_name"][0]
FIRST = {
    "company_name": NAME,
    "for_date": "2026-10-01",
    "count": 1,
    "money_value": "12345678901234567890.123456789012",
}
SECOND = {
    "company_name": "Brook",
    "for_date": "2026-10-02",
    "count": -2,
    "money_value": "-0.100000000000",
}
NULLS = dict.fromkeys(FIRST)


@pytest.fixture
def report(callers: Callers) -> FileTask:
    """A finished report of the admin of North."""
    return finished_report(callers.book.admin)


@pytest.fixture
def rows(ask: Ask, report: FileTask) -> Any:
    """Ask for its rows."""

    def send(query: str = "", **more: Any) -> Any:
        return ask("GET", f"/reports/{report.uuid}/rows", QUERY_STRING=query, **more)

    return send


def test_rows_come_as_the_download_has_them_with_their_columns(rows: Any) -> None:
    answer = rows().json()

    assert answer["count"] == 3
    assert answer["results"] == [FIRST, SECOND, NULLS]
    assert (answer["next"], answer["previous"]) == (None, None)
    assert [(each["key"], each["header"], each["kind"]) for each in answer["columns"]] == [
        ("company_name", "Client", "text"),
        ("for_date", "Day", "date"),
        ("count", "Count", "integer"),
        ("money_value", "Cost", "decimal"),
    ]


def test_pages_link_to_each_other_and_keep_the_question(rows: Any, report: FileTask) -> None:
    answer = rows("limit=1&offset=1&ordering=-count&filter=count:is_null:false").json()
    place = f"http://testserver{BASE}/reports/{report.uuid}/rows"

    assert (answer["count"], answer["results"]) == (2, [SECOND])
    assert answer["next"] is None
    asked = "ordering=-count&filter=count%3Ais_null%3Afalse"
    assert answer["previous"] == f"{place}?limit=1&{asked}"
    assert rows("limit=1").json()["next"] == f"{place}?limit=1&offset=1"
    assert rows("offset=7").json()["results"] == []


def test_columns_are_chosen_in_any_order(rows: Any) -> None:
    answer = rows("columns=money_value,count&limit=1").json()

    assert [each["key"] for each in answer["columns"]] == ["money_value", "count"]
    assert [list(row) for row in answer["results"]] == [["money_value", "count"]]


FILTERS = [
    ("filter=count:eq:1", [FIRST]),
    ("filter=count:ne:1", [SECOND]),
    ("filter=count:in:1,-2,5", [FIRST, SECOND]),
    ("filter=count:is_null:true", [NULLS]),
    ("filter=money_value:lt:0", [SECOND]),
    ("filter=money_value:eq:-0.1", [SECOND]),
    ("filter=money_value:gt:12345678901234567890.123456789011", [FIRST]),
    ("filter=money_value:gt:12345678901234567890.123456789012", []),
    ("filter=for_date:ge:2026-10-02", [SECOND]),
    ("filter=for_date:ge:2026-10-01&filter=for_date:lt:2026-10-02", [FIRST]),
    ("filter=company_name:contains:sum(a", [FIRST]),
    ("filter=company_name:contains:%C3%A5SE", [FIRST]),
    ("filter=company_name:eq:brook", []),
    ("filter=company_name:in:Brook,%22a,b%22", [SECOND]),
    ("filter=company_name:eq:a:b:c", []),
    ("filter=company_name:eq:%27%3B--", []),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters_keep_the_rows_of_which_they_are_true(
    query: str, expected: list[Any], rows: Any
) -> None:
    for _ in range(2):  # as it is found first, and as it is found again
        answer = rows(query).json()
        assert answer["results"] == expected
        assert answer["count"] == len(expected)


ORDERS = [
    ("ordering=count", [SECOND, FIRST, NULLS]),
    ("ordering=-count", [NULLS, FIRST, SECOND]),
    ("order_by=money_value.desc", [NULLS, FIRST, SECOND]),
    ("ordering=company_name,-count", [FIRST, SECOND, NULLS]),
    ("ordering=-money_value&filter=count:is_null:false", [FIRST, SECOND]),
]


@pytest.mark.parametrize(("query", "expected"), ORDERS)
def test_orders_are_those_of_the_other_lists(query: str, expected: list[Any], rows: Any) -> None:
    assert rows(query).json()["results"] == expected
    paged = [rows(f"{query}&limit=1&offset={at}").json()["results"][0] for at in range(2)]
    assert paged == expected[:2]


MISTAKES = [
    ("filter=cost:eq:1", "filter", "There is no column 'cost'"),
    ("filter=count:contains:1", "filter", "count (integer) takes none but the operators eq"),
    ("filter=count:like:1", "filter", "takes none but the operators"),
    ("filter=count:eq:x", "filter", "count (integer): This is no whole number."),
    ("filter=count:eq:", "filter", "This is no whole number."),
    ("filter=count:in:1,x", "filter", "This is no whole number."),
    ("filter=money_value:eq:1.1234567890123", "filter", "at most 12 decimals"),
    ("filter=money_value:eq:1e3", "filter", "decimal"),
    ("filter=for_date:eq:2026-02-30", "filter", "There is no such day."),
    ("filter=count:is_null:maybe", "filter", "neither true nor false"),
    ("filter=count", "filter", "Write column:operator:value"),
    ("filter=company_name:in:%22a", "filter", "A double quote is not closed"),
    ("filter=", "filter", "Write column:operator:value"),
    ("columns=count,cost", "columns", "There is no column 'cost'"),
    ("columns=", "columns", "There is no column ''"),
    ("columns=count&columns=count", "columns", "more than once"),
    ("ordering=cost", "ordering", "Cannot order by cost"),
    ("ordering=", "ordering", "an empty name"),
    ("order_by=count.up", "order_by", "Cannot order by count.up"),
    ("limit=0", "limit", "less than 1"),
    ("offset=x", "offset", "no whole number"),
    ("colums=count", "colums", "There is no such parameter here."),
    ("&".join(["filter=count:eq:1"] * 21), "filter", "more than 20"),
]


@pytest.mark.parametrize(("query", "field", "says"), MISTAKES)
def test_a_mistake_is_a_400_that_names_it(query: str, field: str, says: str, rows: Any) -> None:
    answer = rows(query)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert says in answer.json()[field][0]


def test_a_page_holds_100_rows_at_most(ask: Ask, callers: Callers) -> None:
    many = {key: values[:1] * 250 for key, values in ROWS.items()}
    task = finished_report(callers.book.admin, many)
    answer = ask("GET", f"/reports/{task.uuid}/rows", QUERY_STRING="limit=500").json()
    deep = ask("GET", f"/reports/{task.uuid}/rows", QUERY_STRING="offset=245").json()

    assert len(answer["results"]) == 100
    assert "limit=100&offset=100" in answer["next"]
    assert len(deep["results"]) == 5


def test_what_is_not_finished_expired_or_anothers_has_no_rows(
    ask: Ask, callers: Callers, report: FileTask
) -> None:
    waiting = report_task(callers.book.admin, status="Pending")
    refused = ask("GET", f"/reports/{waiting.uuid}/rows")
    FileTask.objects.filter(pk=report.pk).update(
        result_expires_at=datetime.now(UTC) - timedelta(seconds=1)
    )
    expired = ask("GET", f"/reports/{report.uuid}/rows")
    other = finished_report(callers.book.admin)

    assert refused.status_code == 400
    assert refused.json() == {
        "error": "Failed to render report: the report is not ready yet: Pending"
    }
    assert refused.has_header("Retry-After")
    assert expired.status_code == 410
    assert ask("GET", f"/reports/{other.uuid}/rows", key=callers.stranger).status_code == 404
    assert ask("GET", f"/reports/{other.uuid}/rows", key=None).status_code == 401


def test_a_question_is_kept_beside_the_result_and_goes_with_it(
    rows: Any, report: FileTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_lists, "_MOST_LISTS", 3)
    for number in range(6):
        assert rows(f"filter=count:gt:{-9 - number}").json()["count"] == 2

    kept = result_store().keys(report.result_key.rpartition("/")[0])
    assert sum(key.endswith(".rows") for key in kept) == 3


def test_only_the_top_is_kept_until_somebody_goes_deeper(
    ask: Ask, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_lists, "_TOP", 10)
    many = {key: values[:2] * 15 for key, values in ROWS.items()}
    task = finished_report(callers.book.admin, many)

    def page(offset: int) -> Any:
        query = f"ordering=-count&limit=5&offset={offset}"
        return ask("GET", f"/reports/{task.uuid}/rows", QUERY_STRING=query).json()

    assert [page(at)["count"] for at in (0, 20, 5, 25)] == [30] * 4
    assert page(10)["results"] == [FIRST] * 5
    assert page(15)["results"] == [SECOND] * 5
    assert page(28)["results"] == [SECOND] * 2


def test_rows_of_a_closing_are_browsed_alike(ask: Ask, callers: Callers) -> None:
    task = finished_report(callers.book.admin, task_type="ClosingPeriod", template="")

    answer = ask("GET", f"/closings/{task.uuid}/rows", QUERY_STRING="filter=count:eq:1")
    assert answer.json()["results"] == [FIRST]
    assert ask("GET", f"/reports/{task.uuid}/rows").status_code == 404


def test_a_lost_file_is_410_and_a_damaged_one_a_clear_400(rows: Any, report: FileTask) -> None:
    with result_store().writing(report.result_key) as file:
        file.write(b"PAR1 half")
    assert rows().status_code == 400
    assert rows().json()["error"].startswith("Failed to render report: ")
    result_store().delete(report.result_key)
    assert rows().status_code == 410
