"""``/schedules`` over HTTP: what is asked for when, who sees it, and what became of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.wire.book import Callers
from tests.wire.conftest import BASE, Ask
from tollbook.filetasks.models import FileTask
from tollbook.schedules.models import Run, Schedule

SCHEDULES = "/schedules"
DAYS = {"date_from": "{previous_month.start}", "date_to": "{previous_month.end}"}
MONTHLY: dict[str, Any] = {
    "name": "monthly",
    "template_code": "ResellerExpenses",
    "parameters": DAYS,
    "cron": "0 6 1 * *",
}


def made(ask: Ask, *, key: str | None = None, **told: Any) -> dict[str, Any]:
    more = {"key": key} if key else {}
    answer = ask("POST", SCHEDULES, body={**MONTHLY, **told}, **more)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_schedule_is_added_and_read(ask: Ask, callers: Callers) -> None:
    answer = ask("POST", SCHEDULES, body=MONTHLY)
    told = answer.json()
    assert answer.status_code == 201
    assert answer["Location"].endswith(f"{BASE}/schedules/{told['id']}")
    variable = ("id", "created_at", "updated_at", "next_run_at")
    assert {name: value for name, value in told.items() if name not in variable} == {
        "name": "monthly",
        "user_id": callers.book.admin.user_id,
        "reseller_id": callers.book.admin.reseller_id,
        "kind": "report",
        "template_code": "ResellerExpenses",
        "parameters": DAYS,
        "cron": "0 6 1 * *",
        "time_zone": "UTC",
        "target": "storage",
        "format": "csv",
        "keep_days": None,
        "webhook_id": None,
        "enabled": True,
        "last_run": None,
    }
    due = datetime.fromisoformat(told["next_run_at"])
    assert (due.day, due.hour, due.minute) == (1, 6, 0)
    assert due > datetime.now(UTC)
    assert ask("GET", f"{SCHEDULES}/{told['id']}").json() == told
    assert ask("GET", SCHEDULES).json()["results"] == [told]


def test_a_run_by_hand_is_a_task_and_is_in_the_log(ask: Ask, callers: Callers) -> None:
    number = made(ask)["id"]
    answer = ask("POST", f"{SCHEDULES}/{number}/run")
    run = answer.json()
    assert answer.status_code == 201
    assert (run["by_hand"], run["state"], run["error"]) == (True, "Pending", None)
    assert run["task_uuid"] == str(FileTask.objects.get().uuid)
    assert ask("GET", f"/reports/{run['task_uuid']}").json()["status"] == "Pending"
    assert ask("GET", f"{SCHEDULES}/{number}/runs").json()["results"] == [run]
    assert ask("GET", f"{SCHEDULES}/{number}").json()["last_run"] == run


def test_a_closing_and_a_webhook(ask: Ask, callers: Callers) -> None:
    webhook = ask("POST", "/webhooks", body={"url": "https://hooks.example/"}).json()["id"]
    body = {
        "name": "close",
        "kind": "closing",
        "parameters": {"dry_run": True},
        "cron": "0 12 2 * *",
        "time_zone": "Europe/Oslo",
        "target": "webhook",
        "webhook_id": webhook,
    }
    answer = ask("POST", SCHEDULES, body=body)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["template_code"], told["format"], told["webhook_id"]) == (None, None, webhook)
    assert ask("POST", SCHEDULES, body={**body, "name": "x"}, key=callers.seller).status_code == 403
    anothers = ask("POST", SCHEDULES, body={**body, "name": "x"}, key=callers.stranger)
    assert anothers.json() == {"webhook_id": [f"There is no webhook {webhook}."]}
    ask("DELETE", f"/webhooks/{webhook}")
    assert ask("GET", f"{SCHEDULES}/{told['id']}").json()["webhook_id"] is None


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": None}, ["name"]),
        ({"name": "a b"}, ["name"]),
        ({"name": 7}, ["name"]),
        ({"cron": None}, ["cron"]),
        ({"cron": "61 * * * *"}, ["cron"]),
        ({"cron": "0 0 31 2 *"}, ["cron"]),
        ({"time_zone": "Mars/Olympus"}, ["time_zone"]),
        ({"kind": "import"}, ["kind"]),
        ({"template_code": "Nothing"}, ["template_code"]),
        ({"template_code": None}, ["template_code"]),
        ({"parameters": []}, ["parameters"]),
        ({"parameters": {**DAYS, "date_from": "{now}"}}, ["parameters.date_from"]),
        ({"parameters": {**DAYS, "colour": "red"}}, ["parameters.colour"]),
        ({"parameters": {**DAYS, "client_id": 2_000_000_000}}, ["parameters.client_id"]),
        ({"parameters": {str(number): 1 for number in range(51)}}, ["parameters"]),
        ({"target": "mail"}, ["target"]),
        ({"target": "webhook"}, ["webhook_id"]),
        ({"format": "pdf"}, ["format"]),
        ({"keep_days": 0}, ["keep_days"]),
        ({"keep_days": 3_651}, ["keep_days"]),
        ({"webhook_id": "x"}, ["webhook_id"]),
        ({"enabled": 1}, ["enabled"]),
        ({"user_id": 1}, ["user_id"]),
        ({"cron": "x", "parameters": {}},
         ["cron", "parameters.date_from", "parameters.date_to"]),
    ],
)  # fmt: skip
def test_what_cannot_be_a_schedule_is_named(
    ask: Ask, change: dict[str, Any], fields: list[str]
) -> None:
    answer = ask("POST", SCHEDULES, body={**MONTHLY, **change})
    assert answer.status_code == 400
    assert sorted(answer.json()) == sorted(fields)
    assert not Schedule.objects.exists()


def test_a_schedule_is_changed_and_removed(ask: Ask) -> None:
    number = made(ask)["id"]
    place = f"{SCHEDULES}/{number}"
    changed = ask("PATCH", place, body={"cron": "0 7 * * 1", "format": "xlsx", "keep_days": 30})
    assert changed.status_code == 200
    assert (changed.json()["format"], changed.json()["keep_days"]) == ("xlsx", 30)
    assert ask("PATCH", place, body={"enabled": False}).json()["next_run_at"] is None
    assert ask("PATCH", place, body={}).json()["cron"] == "0 7 * * 1"
    nothing = ask("PATCH", place)
    assert (nothing.status_code, "The body is missing" in nothing.content.decode()) == (400, True)
    for body, field in (({"cron": "x"}, "cron"), ({"kind": "closing"}, "kind")):
        refused = ask("PATCH", place, body=body)
        assert (refused.status_code, list(refused.json())) == (400, [field])
    ask("POST", f"{place}/run")
    assert ask("DELETE", place).status_code == 204
    assert ask("GET", place).status_code == ask("GET", f"{place}/runs").status_code == 404
    assert Run.objects.get().schedule_id is None


def test_another_target_leaves_nothing_of_the_old_one(ask: Ask) -> None:
    webhook = ask("POST", "/webhooks", body={"url": "https://hooks.example/"}).json()["id"]
    place = f"{SCHEDULES}/{made(ask, keep_days=3)['id']}"
    told = ask("PATCH", place, body={"target": "webhook", "webhook_id": webhook}).json()
    assert (told["format"], told["keep_days"], told["webhook_id"]) == (None, None, webhook)
    told = ask("PATCH", place, body={"target": "storage"}).json()
    assert (told["format"], told["keep_days"], told["webhook_id"]) == ("csv", None, None)


def test_a_name_is_there_once_in_a_company(ask: Ask, callers: Callers) -> None:
    made(ask)
    refused = ask("POST", SCHEDULES, body=MONTHLY, key=callers.seller)
    assert refused.json() == {"name": ["There is a schedule of this name already."]}
    made(ask, key=callers.stranger)
    made(ask, key=callers.operator)
    assert ask("POST", SCHEDULES, body=MONTHLY, key=callers.operator).status_code == 400


def test_each_sees_their_own(ask: Ask, callers: Callers) -> None:
    numbers = {
        name: made(ask, key=getattr(callers, name), name=name)["id"]
        for name in ("admin", "seller", "stranger", "operator")
    }

    def seen(key: str) -> set[int]:
        return {each["id"] for each in ask("GET", SCHEDULES, key=key).json()["results"]}

    assert seen(callers.admin) == {numbers["admin"], numbers["seller"]}
    assert seen(callers.seller) == {numbers["seller"]}
    assert seen(callers.stranger) == {numbers["stranger"]}
    assert seen(callers.operator) == set(numbers.values())
    assert ask("GET", SCHEDULES, key=callers.client).status_code == 403


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (SCHEDULES, "kind=report", 1),
        (SCHEDULES, "kind=closing", 0),
        (SCHEDULES, "enabled=false", 0),
        (SCHEDULES, "name=MONTH&ordering=-next_run_at", 1),
        (SCHEDULES, "kind=import", "kind"),
        (SCHEDULES, "ordering=cron", "ordering"),
        ("runs", "state=Pending,Failed", 2),
        ("runs", "state=Completed", 0),
        ("runs", "fire_after=2099-01-01", 0),
        ("runs", "order_by=fire_at.asc", 2),
        ("runs", "state=Done", "state"),
    ],
)
def test_lists_are_filtered_and_ordered(ask: Ask, path: str, query: str, expected: Any) -> None:
    number = made(ask)["id"]
    for _ in range(2):
        ask("POST", f"{SCHEDULES}/{number}/run")
    place = f"{SCHEDULES}/{number}/runs" if path == "runs" else path
    answer = ask("GET", place, QUERY_STRING=query)
    if isinstance(expected, str):
        assert answer.status_code == 400
        assert list(answer.json()) == [expected]
    else:
        assert answer.json()["count"] == expected


def test_a_page_of_schedules_takes_few_queries(ask: Ask) -> None:
    for number in range(5):
        ask("POST", f"{SCHEDULES}/{made(ask, name=f'n{number}')['id']}/run")
    with CaptureQueriesContext(connection) as queries:
        page = ask("GET", SCHEDULES).json()
    assert all(each["last_run"] for each in page["results"])
    assert len(queries) <= 4
