"""``/webhooks`` over HTTP: kept by admins, secrets shown once, deliveries told and sent again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.wire.book import Callers, finished_report
from tests.wire.conftest import BASE, Ask
from tollbook.webhooks.models import Attempt, Delivery, Endpoint
from tollbook.webhooks.rules import Event
from tollbook.webhooks.services import announce_endings

WEBHOOKS = "/webhooks"
URL = "https://hooks.example/tollbook"


def made(ask: Ask, **told: Any) -> dict[str, Any]:
    answer = ask("POST", WEBHOOKS, body={"url": URL, **told})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_webhook_is_added_with_its_secret_and_read_without(ask: Ask, callers: Callers) -> None:
    answer = ask("POST", WEBHOOKS, body={"url": URL, "events": ["report.completed"]})
    told = answer.json()
    assert answer.status_code == 201
    assert answer["Location"].endswith(f"{BASE}/webhooks/{told['id']}")
    secret = told.pop("secret")
    assert secret.startswith("whsec_")
    assert told | {"created_at": "", "updated_at": "", "id": 0} == {
        "id": 0,
        "reseller_id": callers.book.admin.reseller_id,
        "url": URL,
        "description": "",
        "events": ["report.completed"],
        "enabled": True,
        "disabled_reason": None,
        "failures": 0,
        "rests_until": None,
        "created_at": "",
        "updated_at": "",
    }
    read = ask("GET", f"{WEBHOOKS}/{told['id']}")
    assert read.json() == told
    listed = ask("GET", WEBHOOKS)
    assert listed.json()["results"] == [told]
    row = Endpoint.objects.get()
    held = read.content + listed.content + repr(row.__dict__).encode()
    assert secret.removeprefix("whsec_").encode() not in held
    assert row.seed.encode() not in read.content + listed.content


def test_by_default_it_is_told_of_everything(ask: Ask) -> None:
    assert made(ask)["events"] == sorted(Event.values)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": 7}, "url"),
        ({"url": ""}, "url"),
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://user:word@hooks.example/"}, "url"),
        ({"url": "https://hooks.example/#x"}, "url"),
        ({"url": "https://hooks.example/" + "x" * 2_000}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": "report.completed"}, "events"),
        ({"url": URL, "events": ["report.lost"]}, "events"),
        ({"url": URL, "events": ["ping"]}, "events"),
        ({"url": URL, "events": [7]}, "events"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ({"url": URL, "description": 7}, "description"),
        ({"url": URL, "secret": "whsec_x"}, "secret"),
        ({"url": URL, "enabled": True}, "enabled"),
        ([URL], "non_field_errors"),
    ],
)
def test_what_cannot_be_a_webhook_is_named(ask: Ask, body: Any, field: str) -> None:
    answer = ask("POST", WEBHOOKS, body=body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"events": ["x"]}, "events"),
        ({"enabled": "yes"}, "enabled"),
        ({"id": 7}, "id"),
    ],
)
def test_a_change_that_cannot_be_is_named_and_changes_nothing(
    ask: Ask, body: Any, field: str
) -> None:
    number = made(ask)["id"]
    before = ask("GET", f"{WEBHOOKS}/{number}").json()
    answer = ask("PATCH", f"{WEBHOOKS}/{number}", body={"description": "new", **body})
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert ask("GET", f"{WEBHOOKS}/{number}").json() == before


def test_the_operators_own_may_be_near_by(ask: Ask, callers: Callers) -> None:
    near = {"url": "http://10.0.0.1:8080/hook"}
    answer = ask("POST", WEBHOOKS, body=near, key=callers.operator)
    assert answer.status_code == 201
    assert answer.json()["reseller_id"] is None


def test_a_webhook_is_changed_disabled_and_removed(ask: Ask) -> None:
    number = made(ask)["id"]
    place = f"{WEBHOOKS}/{number}"
    changed = ask("PATCH", place, body={"enabled": False, "description": "at night"}).json()
    assert (changed["enabled"], changed["description"]) == (False, "at night")
    assert ask("POST", f"{place}/test").status_code == 409
    assert ask("PATCH", place, body={"enabled": True}).json()["enabled"] is True
    assert ask("PATCH", place).status_code == 400
    assert ask("DELETE", place).status_code == 204
    assert ask("GET", place).status_code == 404


def test_a_rotation_shows_another_secret(ask: Ask) -> None:
    first = made(ask)
    second = ask("POST", f"{WEBHOOKS}/{first['id']}/rotate").json()
    assert second["secret"].startswith("whsec_")
    assert second["secret"] != first["secret"]


def test_there_are_not_too_many(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from tollbook.webhooks.services import endpoints

    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    made(ask)
    assert ask("POST", WEBHOOKS, body={"url": URL}).status_code == 409


def test_deliveries_are_told_with_their_attempts(ask: Ask, callers: Callers) -> None:
    number = made(ask)["id"]
    task = finished_report(callers.book.seller, finished_at=timezone.now())
    announce_endings(timezone.now())
    delivery = Delivery.objects.get()
    Attempt.objects.create(
        delivery=delivery,
        number=1,
        started_at=timezone.now(),
        milliseconds=12,
        response_status=500,
        response_start="no room",
    )
    page = ask("GET", f"{WEBHOOKS}/{number}/deliveries").json()
    (told,) = page["results"]
    assert page["count"] == 1
    assert (told["id"], told["webhook_id"]) == (str(delivery.pk), number)
    assert (told["event"], told["status"]) == ("report.completed", "Pending")
    assert told["task_uuid"] == str(task.uuid)
    assert told["next_attempt_at"] is not None
    assert told["settled_at"] is None
    (attempt,) = told["attempts"]
    assert (attempt["number"], attempt["response_status"]) == (1, 500)
    assert (attempt["response_start"], attempt["error"]) == ("no room", "")


def test_a_ping_and_a_message_once_more(ask: Ask, callers: Callers) -> None:
    number = made(ask)["id"]
    sent = ask("POST", f"{WEBHOOKS}/{number}/test")
    assert sent.status_code == 201
    assert (sent.json()["event"], sent.json()["task_uuid"]) == ("ping", None)
    Delivery.objects.update(status="Delivered", settled_at=timezone.now())
    place = f"{WEBHOOKS}/{number}/deliveries/{sent.json()['id']}/redeliver"
    again = ask("POST", place)
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["status"]) == (sent.json()["id"], "Pending")
    for key in (callers.stranger, callers.operator):
        other = ask("POST", WEBHOOKS, body={"url": URL}, key=key).json()["id"]
        mixed = f"{WEBHOOKS}/{other}/deliveries/{sent.json()['id']}/redeliver"
        assert ask("POST", mixed, key=key).status_code == 404
    assert ask("POST", f"{WEBHOOKS}/{number}/deliveries/{uuid4()}/redeliver").status_code == 404
    assert ask("POST", f"{WEBHOOKS}/{number}/deliveries/x/redeliver").status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("status=Pending", 2),
        ("status=Failed,Delivered", 1),
        ("event=ping", 3),
        ("event=report.failed", 0),
        ("created_after=2099-01-01", 0),
        ("created_before=2099-01-01", 3),
        ("task_uuid=00000000-0000-4000-8000-000000000000", 0),
        ("ordering=status,-created_at", 3),
        ("order_by=event.desc", 3),
        ("limit=1", 3),
    ],
)
def test_deliveries_are_filtered_and_ordered(ask: Ask, query: str, count: int) -> None:
    number = made(ask)["id"]
    for _ in range(3):
        ask("POST", f"{WEBHOOKS}/{number}/test")
    first = Delivery.objects.earliest("created_at")
    first.status, first.settled_at = "Failed", timezone.now()
    first.save()
    answer = ask("GET", f"{WEBHOOKS}/{number}/deliveries", QUERY_STRING=query)
    assert answer.status_code == 200
    assert answer.json()["count"] == count


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("", "enabled=perhaps", "enabled"),
        ("", "colour=red", "colour"),
        ("", "ordering=seed", "ordering"),
        ("/deliveries", "status=Done", "status"),
        ("/deliveries", "task_uuid=1", "task_uuid"),
        ("/deliveries", "limit=0", "limit"),
        ("/deliveries", "created_after=x", "created_after"),
    ],
)
def test_a_query_that_cannot_be_taken_is_named(ask: Ask, path: str, query: str, field: str) -> None:
    number = made(ask)["id"]
    place = f"{WEBHOOKS}/{number}{path}" if path else WEBHOOKS
    answer = ask("GET", place, QUERY_STRING=query)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_a_page_of_deliveries_takes_few_queries(ask: Ask) -> None:
    number = made(ask)["id"]
    endpoint, now = Endpoint.objects.get(), timezone.now()
    for _ in range(20):
        delivery = Delivery.objects.create(
            id=uuid4(),
            endpoint=endpoint,
            event="ping",
            body="{}",
            give_up_at=now + timedelta(days=1),
        )
        Attempt.objects.create(delivery=delivery, number=1, started_at=now, milliseconds=1)
    with CaptureQueriesContext(connection) as queries:
        page = ask("GET", f"{WEBHOOKS}/{number}/deliveries").json()
    assert len(page["results"]) == 20
    assert len(queries) <= 5


def test_each_sees_their_own(ask: Ask, callers: Callers) -> None:
    numbers = {
        name: ask("POST", WEBHOOKS, body={"url": URL}, key=getattr(callers, name)).json()["id"]
        for name in ("admin", "stranger", "operator")
    }

    def seen(key: str) -> set[int]:
        return {each["id"] for each in ask("GET", WEBHOOKS, key=key).json()["results"]}

    assert seen(callers.admin) == {numbers["admin"]}
    assert seen(callers.stranger) == {numbers["stranger"]}
    assert seen(callers.operator) == set(numbers.values())
