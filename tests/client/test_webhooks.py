"""Webhooks and schedules: what is sent, never twice by itself, and how answers are read."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.client.conftest import Talk
from tests.client.scripted_server import HANG_UP, Answer, json_answer
from tollbook.api.v1.schedule_shapes import RUN, SCHEDULE
from tollbook.api.v1.webhook_shapes import DELIVERY, WEBHOOK, WEBHOOK_WITH_SECRET
from tollbook_client import ServerUnavailable, UnexpectedAnswer


def page(*items: object) -> Answer:
    return json_answer({"count": len(items), "next": None, "previous": None, "results": items})


def test_a_webhook_is_added_and_its_secret_read(talk: Talk) -> None:
    book, server = talk(json_answer(WEBHOOK_WITH_SECRET.example, 201))
    made = book.webhooks.create("https://hooks.example/", events=["report.completed"])
    [seen] = server.seen
    assert (seen.method, seen.path) == ("POST", "/billing/org/v1/webhooks")
    assert json.loads(seen.body) == {
        "url": "https://hooks.example/",
        "events": ["report.completed"],
    }
    assert (made.id, made.secret) == (7, WEBHOOK_WITH_SECRET.example["secret"])


def test_a_webhook_is_not_added_twice_where_the_answer_is_lost(talk: Talk) -> None:
    book, server = talk(HANG_UP)
    with pytest.raises(ServerUnavailable):
        book.webhooks.create("https://hooks.example/")
    assert len(server.seen) == 1


def test_webhooks_and_deliveries_are_listed(talk: Talk) -> None:
    book, server = talk(page(WEBHOOK.example), page(DELIVERY.example))
    [webhook] = book.webhooks.list(enabled=True)
    [delivery] = book.webhooks.deliveries(webhook.id, status=["Delivered"])
    assert webhook.secret is None
    assert webhook.events == ("closing.completed", "report.completed", "report.failed")
    assert delivery.id == UUID(DELIVERY.example["id"])
    assert delivery.attempts[0].response_status == 204
    assert delivery.settled_at == datetime(2026, 11, 20, 13, 12, 56, 396174, tzinfo=UTC)
    assert [seen.path.partition("?")[0] for seen in server.seen] == [
        "/billing/org/v1/webhooks",
        "/billing/org/v1/webhooks/7/deliveries",
    ]
    assert "enabled=true" in server.seen[0].path
    assert "status=Delivered" in server.seen[1].path


def test_each_action_on_a_webhook_has_its_address(talk: Talk) -> None:
    book, server = talk(
        json_answer(WEBHOOK.example),
        json_answer(WEBHOOK_WITH_SECRET.example),
        json_answer(DELIVERY.example, 201),
        json_answer(DELIVERY.example),
        Answer(204),
    )
    uuid = DELIVERY.example["id"]
    book.webhooks.get(7)
    book.webhooks.rotate(7)
    book.webhooks.test(7)
    book.webhooks.redeliver(7, uuid)
    book.webhooks.delete(7)
    base = "/billing/org/v1/webhooks/7"
    assert [(seen.method, seen.path) for seen in server.seen] == [
        ("GET", base),
        ("POST", f"{base}/rotate"),
        ("POST", f"{base}/test"),
        ("POST", f"{base}/deliveries/{uuid}/redeliver"),
        ("DELETE", base),
    ]
    with pytest.raises(ValueError, match="badly formed"):
        book.webhooks.redeliver(7, "../x")


def test_a_schedule_is_added_and_read(talk: Talk) -> None:
    book, server = talk(json_answer(SCHEDULE.example, 201))
    days = {"date_from": "{previous_month.start}", "date_to": "{previous_month.end}"}
    made = book.schedules.create(
        "monthly", "0 6 1 * *", template_code="ResellerExpenses", parameters=days
    )
    [seen] = server.seen
    assert (seen.method, seen.path) == ("POST", "/billing/org/v1/schedules")
    assert json.loads(seen.body) == {
        "name": "monthly",
        "cron": "0 6 1 * *",
        "kind": "report",
        "template_code": "ResellerExpenses",
        "parameters": days,
    }
    assert made.next_run_at == datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert made.last_run is not None
    assert made.last_run.exported_bytes == 5_412_880


def test_each_action_on_a_schedule_has_its_address(talk: Talk) -> None:
    book, server = talk(
        json_answer(SCHEDULE.example), json_answer(RUN.example, 201), page(RUN.example), Answer(204)
    )
    book.schedules.get(3)
    assert book.schedules.run(3).task_uuid == UUID(RUN.example["task_uuid"])
    assert [run.state for run in book.schedules.runs(3)] == ["Completed"]
    book.schedules.delete(3)
    base = "/billing/org/v1/schedules/3"
    assert [(seen.method, seen.path.partition("?")[0]) for seen in server.seen] == [
        ("GET", base),
        ("POST", f"{base}/run"),
        ("GET", f"{base}/runs"),
        ("DELETE", base),
    ]


def test_an_answer_that_is_no_schedule_is_told(talk: Talk) -> None:
    book, _ = talk(json_answer({"id": 3}))
    with pytest.raises(UnexpectedAnswer):
        book.schedules.get(3)
