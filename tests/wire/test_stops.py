"""``/subscriptions/stop`` over HTTP: asked for, followed, downloaded, refused."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.wire.book import Callers
from tests.wire.conftest import Ask
from tollbook.contracts.models import Addendum, Subscription
from tollbook.expenses.services import write_stop
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.services import run_file_task

STOP = "/subscriptions/stop"
AT = "2027-03-01T12:00:00Z"


@pytest.fixture
def addendum(callers: Callers) -> Addendum:
    """A contract of Fjord with one running subscription."""
    book = callers.book
    item = book.items["CDN"]
    made = Addendum.objects.create(
        client=book.fjord, plan=item.plan, currency=book.usd, status="active"
    )
    began = datetime(2026, 1, 1, tzinfo=UTC)
    Subscription.objects.create(addendum=made, plan_item=item, active_from=began)
    return made


def test_a_stop_is_asked_for_followed_and_downloaded(
    ask: Ask, callers: Callers, addendum: Addendum
) -> None:
    body = {"client_id": callers.book.fjord.pk, "addendum_ids": [addendum.pk], "at": AT}
    asked = ask("POST", STOP, body=body)
    uuid = asked.json()["uuid"]
    assert (asked.status_code, asked.json()["task_type"]) == (201, "StopSubscriptions")
    assert asked["Location"].endswith(f"{STOP}/{uuid}")
    assert asked.json()["parameters"] == {**body, "at": "2027-03-01T12:00:00+00:00"}
    assert ask("GET", f"{STOP}/{uuid}/download").status_code == 400

    run_file_task(FileTask.objects.get().uuid, work=write_stop)
    done = ask("GET", f"{STOP}/{uuid}").json()
    assert (done["status"], done["processing_notes"]["stopped"]) == ("Completed", 1)
    answer = ask("GET", f"{STOP}/{uuid}/download", QUERY_STRING="format=json")
    table = json.loads(b"".join(answer.streaming_content))
    (row,) = [dict(zip(table["headers"], row, strict=True)) for row in table["rows"]]
    assert (row["Addendum ID"], row["Outcome"]) == (addendum.pk, "stopped")
    assert row["Active until"] == "2027-03-01T12:00:00Z"
    assert ask("GET", STOP).json()["count"] == 1
    assert ask("GET", "/reports").json()["count"] == 0
    assert ask("GET", f"/reports/{uuid}").status_code == 404


def test_the_same_request_id_is_one_stop(ask: Ask, callers: Callers, addendum: Addendum) -> None:
    body = {"client_id": callers.book.fjord.pk, "at": AT}
    headers = {"Request-Id": str(uuid4())}
    answers = [ask("POST", STOP, body=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert {answer.json()["uuid"] for answer in answers} == {headers["Request-Id"]}
    other = ask("POST", STOP, body={**body, "at": "2027-04-01"}, headers=headers)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_id": None}, "client_id"),
        ({"client_id": "7"}, "client_id"),
        ({"client_id": True}, "client_id"),
        ({"client_id": 0}, "client_id"),
        ({"at": None}, "at"),
        ({"at": "soon"}, "at"),
        ({"at": 5}, "at"),
        ({"product_id": 2_147_483_647}, "product_id"),
        ({"addendum_ids": []}, "addendum_ids"),
        ({"addendum_ids": 3}, "addendum_ids"),
        ({"addendum_ids": ["3"]}, "addendum_ids"),
        ({"addendum_ids": [2_147_483_647]}, "addendum_ids"),
        ({"everything": True}, "everything"),
    ],
)
def test_what_cannot_be_taken_is_named(
    ask: Ask, callers: Callers, change: dict[str, Any], field: str
) -> None:
    answer = ask("POST", STOP, body={"client_id": callers.book.fjord.pk, "at": AT, **change})
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not FileTask.objects.exists()


def test_another_resellers_client_is_unknown(ask: Ask, callers: Callers) -> None:
    answers = [
        ask("POST", STOP, body={"client_id": client_id, "at": AT})
        for client_id in (callers.book.sand.pk, 2_147_483_647)
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    messages = [answer.json()["client_id"][0] for answer in answers]
    assert messages[0].replace(str(callers.book.sand.pk), "2147483647") == messages[1]


def test_a_body_of_another_type_is_415(ask: Ask) -> None:
    form = ask("POST", STOP, body="client_id=1", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 415
