"""Who may call what: every operation of the document, with every kind of key."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.reports.book import Book
from tests.wire.book import DAYS, Callers, erp_invoice, finished_report, report_task
from tests.wire.conftest import BASE, Ask
from tollbook.api.schema import openapi_document
from tollbook.clients.models import ApiKey, User
from tollbook.filetasks.rules import TaskType
from tollbook.schedules.services import add_schedule
from tollbook.webhooks.services import add_endpoint

CLOSING = {"month": "2025-01"}
BODY = {"template_code": "ResellerExpenses", "parameters": DAYS}

STOP = {"task_type": TaskType.STOP_SUBSCRIPTIONS, "template": "", "parameters": {"client_id": 1}}


@dataclass(frozen=True)
class Case:
    """One operation: the statuses for a seller's or admin's key on what they may see."""

    operation: str
    own: int
    by_client: int
    stranger: int
    thing: str = "absent"
    body: dict[str, Any] | None = field(default=None, hash=False)
    by_admin: int | None = None
    by_seller: int | None = None
    """Where it is another than ``own``."""
    file: bytes | None = None
    """A body that is no JSON."""

    def path(self, things: Mapping[str, str]) -> str:
        """The address with the ids of what it is about."""
        address = self.operation.partition(" ")[2].removeprefix(BASE)
        return re.sub(r"\{\w+\}", things[self.thing], address)


ABSENT = {
    "stop": "00000000-0000-4000-8000-000000000000",
    "waiting stop": "00000000-0000-4000-8000-000000000000",
    "report": "00000000-0000-4000-8000-000000000000",
    "waiting": "00000000-0000-4000-8000-000000000000",
    "closing": "00000000-0000-4000-8000-000000000000",
    "waiting closing": "00000000-0000-4000-8000-000000000000",
    "invoice": "2147483647",
    "webhook": "2147483647",
    "schedule": "2147483647",
    "absent": "2147483647",
}
TASKS = ("report", "waiting", "closing", "waiting closing", "stop", "waiting stop")
URL = {"url": "https://hooks.example/tollbook"}
AT = {
    "name": "monthly",
    "template_code": "ResellerExpenses",
    "cron": "0 6 1 * *",
    "parameters": {"date_from": "{previous_month.start}", "date_to": "{previous_month.end}"},
}
MONTHLY = {
    "name": "of-the-admin",
    "template": "ResellerExpenses",
    "cron": "0 6 1 * *",
    "parameters": AT["parameters"],
}
WEBHOOK = f"{BASE}/webhooks/{{id}}"
SCHEDULE = f"{BASE}/schedules/{{id}}"
OWN_CASES = (
    Case(f"get {BASE}/webhooks", 200, 403, 200, by_seller=403),
    Case(f"post {BASE}/webhooks", 201, 403, 201, body=URL, by_seller=403),
    Case(f"get {WEBHOOK}", 200, 403, 404, "webhook", by_seller=403),
    Case(f"patch {WEBHOOK}", 200, 403, 404, "webhook", body={}, by_seller=403),
    Case(f"delete {WEBHOOK}", 204, 403, 404, "webhook", by_seller=403),
    Case(f"post {WEBHOOK}/rotate", 200, 403, 404, "webhook", by_seller=403),
    Case(f"post {WEBHOOK}/test", 201, 403, 404, "webhook", by_seller=403),
    Case(f"get {WEBHOOK}/deliveries", 200, 403, 404, "webhook", by_seller=403),
    Case(
        f"post {WEBHOOK}/deliveries/{{delivery_id}}/redeliver",
        404,
        403,
        404,
        by_seller=403,
    ),
    Case(f"get {BASE}/schedules", 200, 403, 200),
    Case(f"post {BASE}/schedules", 201, 403, 201, body=AT),
    Case(f"get {SCHEDULE}", 200, 403, 404, "schedule", by_seller=404),
    Case(f"patch {SCHEDULE}", 200, 403, 404, "schedule", body={}, by_seller=404),
    Case(f"delete {SCHEDULE}", 204, 403, 404, "schedule", by_seller=404),
    Case(f"post {SCHEDULE}/run", 201, 403, 404, "schedule", by_seller=404),
    Case(f"get {SCHEDULE}/runs", 200, 403, 404, "schedule", by_seller=404),
    Case(f"post {BASE}/closings", 201, 403, 201, body=CLOSING, by_seller=403),
    Case(f"post {BASE}/reports", 201, 403, 201, body=BODY),
    Case(f"get {BASE}/reports/{{id}}", 200, 404, 404, "report"),
    Case(f"delete {BASE}/reports/{{id}}", 204, 403, 404, "report"),
    Case(f"post {BASE}/reports/{{uuid}}/cancel", 200, 403, 404, "waiting"),
    Case(f"get {BASE}/reports/{{uuid}}/download", 200, 404, 404, "report"),
    Case(f"get {BASE}/reports/{{uuid}}/rows", 200, 404, 404, "report"),
    Case(f"post {BASE}/imports", 201, 403, 201, by_seller=403, file=b"record_id\n"),
    Case(f"get {BASE}/closings/{{id}}", 200, 404, 404, "closing"),
    Case(f"delete {BASE}/closings/{{id}}", 204, 403, 404, "closing"),
    Case(f"post {BASE}/closings/{{uuid}}/cancel", 200, 403, 404, "waiting closing"),
    Case(f"get {BASE}/closings/{{uuid}}/download", 200, 404, 404, "closing"),
    Case(f"get {BASE}/closings/{{uuid}}/rows", 200, 404, 404, "closing"),
    Case(
        f"post {BASE}/subscriptions/stop",
        400,
        403,
        400,
        body={"client_id": 2_147_483_647, "at": "2026-10-05"},
        by_seller=403,
    ),
    Case(f"get {BASE}/subscriptions/stop/{{id}}", 200, 404, 404, "stop"),
    Case(f"delete {BASE}/subscriptions/stop/{{id}}", 204, 403, 404, "stop"),
    Case(f"post {BASE}/subscriptions/stop/{{uuid}}/cancel", 200, 403, 404, "waiting stop"),
    Case(f"get {BASE}/subscriptions/stop/{{uuid}}/download", 200, 404, 404, "stop"),
    Case(f"get {BASE}/subscriptions/stop/{{uuid}}/rows", 200, 404, 404, "stop"),
    Case(f"post {BASE}/accounting/credits", 400, 403, 403, body={}, by_admin=403, by_seller=403),
    Case(f"get {BASE}/erp-invoices/{{id}}", 200, 200, 404, "invoice"),
    Case(f"get {BASE}/erp-invoices/{{id}}/download", 200, 200, 404, "invoice"),
)
"""``by_client`` and ``stranger`` are about what a colleague, or another reseller, asked for."""


def _derived(name: str, operation: dict[str, Any]) -> Case:
    """A list is open to every role; of items one is asked for, or changed, that is not there."""
    needs = any(each.get("required") and each["in"] == "query" for each in operation["parameters"])
    seen = 404 if "{" in name else 400 if needs else 200
    writes = not name.startswith("get ")
    return Case(name, seen, 403 if writes else seen, seen, body={} if writes else None)


OPERATIONS = {
    f"{method} {path}": operation
    for path, item in openapi_document()["paths"].items()
    for method, operation in item.items()
}
OWN = {case.operation for case in OWN_CASES}
CASES = OWN_CASES + tuple(
    _derived(name, operation) for name, operation in OPERATIONS.items() if name not in OWN
)


class Things(dict[str, str]):
    """The ids of what the admin of North has, each made when it is first asked for."""

    def __init__(self, book: Book) -> None:
        admin, now = book.admin, datetime.now(UTC)
        closing = {"task_type": TaskType.CLOSING_PERIOD}
        self._make: dict[str, Callable[[], Any]] = {
            "report": lambda: finished_report(admin).uuid,
            "waiting": lambda: report_task(admin).uuid,
            "closing": lambda: finished_report(admin, **closing).uuid,
            "waiting closing": lambda: report_task(admin, **closing).uuid,
            "stop": lambda: finished_report(admin, **STOP).uuid,
            "waiting stop": lambda: report_task(admin, **STOP).uuid,
            "invoice": lambda: erp_invoice(book.fjord, "INV/2026/00001").pk,
            "webhook": lambda: add_endpoint(viewer=admin, **URL, now=now)[0].pk,
            "schedule": lambda: add_schedule(viewer=admin, asked=MONTHLY, now=now).pk,
            "absent": lambda: ABSENT["absent"],
        }

    def __missing__(self, thing: str) -> str:
        self[thing] = str(self._make[thing]())
        return self[thing]


@pytest.fixture
def things(callers: Callers) -> Things:
    """A finished report of the admin of North, a waiting one, an invoice of Fjord and so on."""
    return Things(callers.book)


def _ids(case: Case) -> str:
    return case.operation


def test_the_table_has_every_operation_of_the_document() -> None:
    assert {case.operation for case in CASES} == OPERATIONS.keys()
    assert len(CASES) == len(OPERATIONS)


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_without_a_live_key_everything_is_401_and_tells_nothing(
    case: Case, ask: Ask, callers: Callers, things: Things
) -> None:
    method, path = case.operation.partition(" ")[0].upper(), case.path(things)
    number, secret = callers.admin.removeprefix("apikey ").split("$")
    keys = {
        "none": None,
        "an empty one": " ",
        "the bare word": "apikey",
        "garbage": "apikey garbage",
        "no number": "apikey x$y",
        "a huge number": f"apikey {10**30}${secret}",
        "no secret": f"apikey {number}$",
        "a wrong secret": f"apikey {number}${secret}x",
        "another number": f"apikey {int(number) + 1}${secret}",
        "an unknown number": f"apikey 999999${secret}",
        "the wrong word": f"Bearer {number}${secret}",
        "odd letters": "apikey 1$\xff\xfe",
        "revoked": callers.revoked,
        "expired": callers.expired,
    }

    for name, key in keys.items():
        answer = ask(method, path, key=key, body=case.body)

        assert answer.status_code == 401, name
        assert answer["WWW-Authenticate"] == "apikey", name
        assert list(answer.json()) == ["detail"], name


@pytest.mark.parametrize("case", CASES, ids=_ids)
@pytest.mark.parametrize("role", ["operator", "admin", "seller", "client", "stranger"])
def test_each_role_may_do_what_it_may_and_sees_nothing_else(
    case: Case, role: str, ask: Ask, callers: Callers, things: Things
) -> None:
    method, path = case.operation.partition(" ")[0].upper(), case.path(things)
    expected = {
        "operator": case.own,
        "admin": case.by_admin or case.own,
        "seller": 404 if case.thing in TASKS else case.by_seller or case.own,
        "client": case.by_client,
        "stranger": case.stranger,
    }[role]

    sent = {"content_type": "text/csv"} if case.file else {}
    body = case.file or case.body
    if body is CLOSING and role == "operator":
        body = {**CLOSING, "reseller": callers.book.fjord.reseller_id}
    answer = ask(method, path, key=getattr(callers, role), body=body, **sent)

    assert answer.status_code == expected


@pytest.mark.parametrize("case", [case for case in CASES if case.thing != "absent"], ids=_ids)
def test_what_is_anothers_is_answered_like_what_does_not_exist(
    case: Case, ask: Ask, callers: Callers, things: Things
) -> None:
    method = case.operation.partition(" ")[0].upper()

    anothers = ask(method, case.path(things), key=callers.stranger, body=case.body)
    nobodys = ask(method, case.path(ABSENT), key=callers.stranger, body=case.body)

    assert anothers.status_code == nobodys.status_code == 404
    assert anothers.json()["detail"].replace(things[case.thing], "ID") == nobodys.json()[
        "detail"
    ].replace(ABSENT[case.thing], "ID")


def test_the_word_before_the_key_counts_in_any_case(ask: Ask, callers: Callers) -> None:
    for word in ("apikey", "APIKey", "ApiKey  "):
        key = callers.admin.replace("apikey", word)

        assert ask("GET", "/reports", key=key).status_code == 200


def test_a_key_of_a_user_who_is_not_active_any_more_is_401(ask: Ask, callers: Callers) -> None:
    User.objects.filter(pk=callers.book.admin.user_id).update(is_active=False)

    assert ask("GET", "/reports").status_code == 401


def test_using_a_key_notes_when(ask: Ask, callers: Callers) -> None:
    ask("GET", "/reports")

    key = ApiKey.objects.get(pk=callers.admin.removeprefix("apikey ").partition("$")[0])
    assert key.last_used_at is not None


def test_a_path_that_leads_nowhere_needs_a_key_first(ask: Ask) -> None:
    assert ask("GET", f"{BASE}/nothing", key=None).status_code == 401
    assert ask("PUT", f"{BASE}/nothing").status_code == 404
    assert ask("GET", f"{BASE}/reports/", key=None).status_code == 401
    assert ask("GET", f"{BASE}/nothing").json() == {"detail": "There is nothing here."}


@pytest.mark.parametrize("case", CASES, ids=_ids)
def test_a_method_that_is_not_offered_is_405_with_those_that_are(
    case: Case, ask: Ask, callers: Callers, things: Things
) -> None:
    offered, path = case.operation.split(" ")
    for method in ("PUT", "PATCH", "OPTIONS", "TRACE", "QUERY"):
        if f"{method.lower()} {path}" in OPERATIONS:
            continue
        answer = ask(method, case.path(things), key=callers.client)

        assert answer.status_code == 405
        assert offered.upper() in answer["Allow"].split(", ")
        assert ask(method, case.path(things), key=None).status_code == 401


@pytest.mark.parametrize("number", ["9" * 18, "9" * 19, "9" * 5000, "-1", "1_0", "٣"])
def test_a_number_that_no_key_has_is_just_an_unknown_key(ask: Ask, number: str) -> None:
    answer = ask("GET", "/reports", key=f"apikey {number}$secret")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "apikey"
