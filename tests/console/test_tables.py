"""Every table can be listed, searched, filtered and looked at, quickly, by operators only."""

from datetime import date

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tollbook.console.admin.paging import MOST_COUNTED
from tollbook.console.admin.table import Table
from tollbook.console.site import SECTIONS, open_site
from tollbook.expenses.models import Expense

pytestmark = pytest.mark.xdist_group("console")

MOST_QUERIES = 10
OURS = [model for model in apps.get_models() if model.__module__.startswith("tollbook.")]
TABLES: dict[type[Model], type[Table]] = {
    model: table for section in SECTIONS for model, table in section.tables.items()
}
LOOKED_AT_ONLY = [model for model, table in TABLES.items() if not table.can_change]
NUMBERED = [
    model
    for model, table in TABLES.items()
    if {"pk", "id", model._meta.pk.name} & {*table.number_fields, *table.uuid_fields}
]
ODD_TERMS = (
    "a",
    "1",
    "99999999999999999999999",
    "Øst '\" %_\\ <b>",
    "00000000-0000-0000-0000-000000000007",
    "²",
    '"',
)
ODD_VALUES = ("1", "abc", "", "99999999999999999999999", "all", "1970-01")


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a few rows: what is asked, not how much is shown, makes the difference."""
    for table in TABLES.values():
        monkeypatch.setattr(table, "list_per_page", 5)


each_table = pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)


def path_of(model: type[Model], page: str, *arguments: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=arguments)


def test_every_table_of_ours_is_registered() -> None:
    assert OURS
    assert [model for model in OURS if model not in open_site()._registry] == []


@pytest.mark.parametrize(
    "name",
    [
        "Expense",
        "DayCount",
        "ProductCount",
        "PartMark",
        "UsageSegment",
        "KnownRecords",
        "ReadyMonth",
        "ErpInvoice",
        "ErpInvoiceLine",
        "FileTask",
        "Action",
        "Operation",
        "Grant",
        "Stop",
        "ApiKey",
        "TrialRange",
        "LogEntry",
        "LoginFailures",
        "Endpoint",
        "Delivery",
        "Attempt",
        "Schedule",
        "Run",
    ],
)
def test_what_must_not_be_touched_is_only_looked_at(name: str) -> None:
    assert name in {model.__name__ for model in LOOKED_AT_ONLY}


@each_table
def test_a_list_answers_with_few_queries(browser: Browser, model: type[Model]) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = browser.get(path_of(model, "changelist"))

    assert answer.status_code == 200
    assert len(answer.context["cl"].result_list) > 0
    assert len(queries) <= MOST_QUERIES, [query["sql"][:200] for query in queries]


@pytest.mark.long
@each_table
@pytest.mark.usefixtures("few_rows")
def test_every_list_can_be_searched_for_anything(browser: Browser, model: type[Model]) -> None:
    for term in ODD_TERMS:
        answer = browser.get(path_of(model, "changelist"), {"q": term})
        assert answer.status_code == 200, term
        assert answer.context["cl"].search_fields


@pytest.mark.long
@pytest.mark.parametrize("model", NUMBERED, ids=lambda model: model.__name__)
def test_a_search_finds_a_row_by_its_number(browser: Browser, model: type[Model]) -> None:
    row = model._default_manager.order_by("-pk").first()
    assert row is not None
    asked = {"q": str(row.pk)} | ({"month": "all"} if model is Expense else {})
    answer = browser.get(path_of(model, "changelist"), asked)
    assert row in answer.context["cl"].result_list


@pytest.mark.long
@each_table
@pytest.mark.usefixtures("few_rows")
def test_no_filter_fails_whatever_it_is_given(browser: Browser, model: type[Model]) -> None:
    found = browser.get(path_of(model, "changelist")).context["cl"]
    parameters = {
        name for each in found.filter_specs for name in each.expected_parameters() if name
    }
    for name in parameters:
        for value in ODD_VALUES:
            answer = browser.get(path_of(model, "changelist"), {name: value})
            assert answer.status_code in {200, 302}, (name, value)
    for odd in ({"p": "x"}, {"p": "99999"}, {"o": "-9.x"}, {"e": "1"}, {"secret_hash": "1"}):
        assert browser.get(path_of(model, "changelist"), odd).status_code in {200, 302, 400}, odd


@pytest.mark.long
@each_table
@pytest.mark.usefixtures("few_rows")
def test_every_sorting_answers(browser: Browser, model: type[Model]) -> None:
    for number in range(1, len(TABLES[model].list_display) + 1):
        answer = browser.get(path_of(model, "changelist"), {"o": f"-{number}"})
        assert answer.status_code == 200


@pytest.mark.long
@each_table
def test_a_row_answers_with_few_queries(browser: Browser, model: type[Model]) -> None:
    row = model._default_manager.last()
    assert row is not None
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(path_of(model, "change", row.pk))

    assert answer.status_code == 200
    assert len(queries) <= 3 * MOST_QUERIES, [query["sql"][:200] for query in queries]


@each_table
def test_a_row_that_is_not_there_leads_back(browser: Browser, model: type[Model]) -> None:
    for key in ("99999999999999999999999", "nothing", "_00", "-1"):
        assert browser.get(path_of(model, "change", key)).status_code == 302


@pytest.mark.long
@each_table
def test_the_page_of_a_new_row_answers_where_there_may_be_one(
    browser: Browser, model: type[Model]
) -> None:
    status = 200 if TABLES[model].can_add else 403
    assert browser.get(path_of(model, "add")).status_code == status
    assert browser.post(path_of(model, "add"), {}).status_code == status


@pytest.mark.long
@each_table
def test_others_are_led_to_the_login(outsiders: list[Browser], model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    for page in (path_of(model, "changelist"), path_of(model, "change", row.pk)):
        for outsider in outsiders:
            for answer in (outsider.get(page), outsider.post(page, {})):
                assert answer.status_code == 302
                assert answer["Location"].startswith("/admin/login/?next=")


@pytest.mark.long
@pytest.mark.parametrize("model", LOOKED_AT_ONLY, ids=lambda model: model.__name__)
def test_what_is_only_looked_at_takes_nothing(browser: Browser, model: type[Model]) -> None:
    row = model._default_manager.last()
    assert row is not None
    before = list(model._default_manager.filter(pk=row.pk).values())
    for page in ("change", "delete"):
        assert browser.post(path_of(model, page, row.pk), {"post": "yes"}).status_code == 403
    browser.post(
        path_of(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"},
    )
    assert list(model._default_manager.filter(pk=row.pk).values()) == before


def test_expenses_open_at_the_newest_month_and_are_never_counted_whole(browser: Browser) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(path_of(Expense, "changelist"))

    newest = Expense.objects.latest("for_date").for_date
    shown = {expense.for_date for expense in answer.context["cl"].result_list}
    assert {day.replace(day=1) for day in shown} == {newest.replace(day=1)}
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()]
    assert len(counts) == 1
    assert f"LIMIT {MOST_COUNTED + 1}" in counts[0]


def test_a_long_list_says_that_there_is_more(browser: Browser) -> None:
    answer = browser.get(path_of(Expense, "changelist"), {"month": "all"})
    assert Expense.objects.count() > MOST_COUNTED
    assert "more than 10,000" in answer.content.decode()


def test_expenses_of_another_month_are_shown_when_asked_for(browser: Browser) -> None:
    oldest = Expense.objects.earliest("for_date").for_date
    answer = browser.get(path_of(Expense, "changelist"), {"month": f"{oldest:%Y-%m}"})
    shown = {expense.for_date for expense in answer.context["cl"].result_list}
    assert {day.replace(day=1) for day in shown} == {date(oldest.year, oldest.month, 1)}


def test_no_page_shows_the_hash_of_a_key(browser: Browser) -> None:
    from tollbook.clients.models import ApiKey

    key = ApiKey.objects.latest("pk")
    for page in (path_of(ApiKey, "change", key.pk), path_of(ApiKey, "changelist")):
        assert key.secret_hash not in browser.get(page).content.decode()


def test_no_page_shows_what_the_secret_of_a_webhook_is_made_of(browser: Browser) -> None:
    from tollbook.webhooks.models import Endpoint

    endpoint = Endpoint.objects.latest("pk")
    for page in (path_of(Endpoint, "change", endpoint.pk), path_of(Endpoint, "changelist")):
        shown = browser.get(page).content.decode()
        assert endpoint.seed not in shown
        assert endpoint.secret_print not in shown


@pytest.mark.parametrize(
    ("page", "secret"),
    [
        ("clients_apikey", "secret_hash"),
        ("clients_user", "password"),
        ("webhooks_endpoint", "seed"),
        ("webhooks_endpoint", "old_seed"),
        ("webhooks_endpoint", "secret_print"),
    ],
)
@pytest.mark.parametrize("lookup", ["", "__startswith", "__gt", "__regex", "__isnull"])
def test_no_list_is_filtered_by_a_secret(
    browser: Browser, page: str, secret: str, lookup: str
) -> None:
    answer = browser.get(reverse(f"admin:{page}_changelist"), {f"{secret}{lookup}": "0"})
    assert answer.status_code in {302, 400}


def test_the_overview_answers_with_few_queries(browser: Browser) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get("/admin/")

    assert answer.status_code == 200
    assert "newest day with expenses" in answer.content.decode()
    assert len(queries) <= MOST_QUERIES


@pytest.mark.parametrize(
    "path", ["/admin/nothing", "/admin/clients/nothing/", "/admin/search/?s=a&page=x"]
)
def test_a_page_that_is_not_there_is_a_page(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("term", ["\x00", "%_%", "\ufffd", "x" * 5_000])
def test_anything_can_be_typed_where_a_related_row_is_looked_for(
    browser: Browser, term: str
) -> None:
    told = {"app_label": "clients", "model_name": "client", "field_name": "payer", "term": term}
    answer = browser.get("/admin/autocomplete/", told)
    assert answer.status_code == 200
    assert answer.json()["results"] == []


def test_every_related_row_can_be_found_by_typing(browser: Browser) -> None:
    told = {"app_label": "contracts", "model_name": "addendum", "field_name": "client", "term": "a"}
    answer = browser.get("/admin/autocomplete/", told)
    assert answer.status_code == 200
    assert answer.json()["results"]
