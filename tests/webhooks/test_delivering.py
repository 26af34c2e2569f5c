"""Messages on their way: signed, tried again, one at a time, never lost or twice at once."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from tests.filetasks.asking import Asking, failing, submit, write_two_rows
from tests.webhooks.conftest import Add, completed
from tests.webhooks.receiver import Receiver, receiving, signed_with
from tollbook.api.v1.file_task import FILE_TASK
from tollbook.clients.models import Reseller
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.selectors import database_now, visible_file_tasks
from tollbook.filetasks.services import cancel_file_task, delete_file_task, run_file_task
from tollbook.kernel.errors import Conflict, DomainError
from tollbook.webhooks.models import Attempt, Delivery, Endpoint
from tollbook.webhooks.rules import TRIED_FOR, DeliveryStatus, Event
from tollbook.webhooks.services import (
    announce_endings,
    change_endpoint,
    deliver_due,
    forget_deliveries,
    redeliver,
    remove_endpoint,
    rotate_secret,
    send_ping,
    wake_senders,
)
from tollbook_client import verify_signature


def announced() -> list[Delivery]:
    announce_endings(database_now())
    return list(Delivery.objects.order_by("pk"))


def only(**told: Any) -> Delivery:
    return Delivery.objects.get(**told)


def make_due() -> None:
    """Let everybody have rested and waited enough."""
    Delivery.objects.filter(status="Pending").update(due_at=datetime(2026, 1, 1, tzinfo=UTC))
    Endpoint.objects.update(rests_until=None)


def together(*works: Callable[[], object]) -> None:
    def run(work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_a_completed_report_arrives_signed_as_the_wire_shows_it(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, secret = add()
    task = completed(asking.seller)
    announced()
    assert deliver_due(endpoint.pk) == 1

    (message,) = receiver.messages
    assert signed_with(secret, message)
    verify_signature(secret, message.headers, message.body)
    assert message.headers["content-type"] == "application/json"
    assert message.json["type"] == "report.completed"
    ended = FileTask.objects.get(pk=task.pk).finished_at
    assert ended is not None
    assert datetime.fromisoformat(message.json["timestamp"]) == ended
    shown = FILE_TASK.row(visible_file_tasks(asking.admin).get(pk=task.pk))
    data = message.json["data"]
    assert {name: data[name] for name in shown} == shown
    assert data["processing_notes"]["digest"] == "d" * 64
    assert data["template"] == "ResellerExpenses"
    assert data["download"] == f"/billing/org/v1/reports/{task.uuid}/download"
    delivery = only()
    assert str(delivery.pk) == message.headers["webhook-id"]
    assert delivery.status == DeliveryStatus.DELIVERED
    (attempt,) = delivery.attempts.all()
    assert (attempt.number, attempt.response_status, attempt.error) == (1, 204, "")


def test_a_failed_report_is_told_without_a_download(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()
    task = submit(asking.admin)
    run_file_task(task.uuid, work=failing(DomainError("It cannot be.")))
    announced()
    deliver_due(endpoint.pk)
    (message,) = receiver.messages
    assert message.json["type"] == "report.failed"
    assert message.json["data"]["download"] is None
    assert message.json["data"]["processing_notes"]["errors"][0]["message"] == "It cannot be."


def test_each_is_told_of_its_own_and_only_what_it_wants(asking: Asking, add: Add) -> None:
    own, _ = add()
    operators, _ = add(asking.operator)
    others, _ = add(asking.stranger)
    add(events=[Event.REPORT_FAILED])
    disabled, _ = add()
    now = datetime.now(UTC)
    change_endpoint(viewer=asking.admin, endpoint_id=disabled.pk, enabled=False, now=now)
    of_north, of_south = completed(asking.admin), completed(asking.stranger)
    cancelled = submit(asking.admin)
    cancel_file_task(viewer=asking.admin, uuid=cancelled.uuid, now=now)
    found = {(delivery.endpoint_id, delivery.file_task_uuid) for delivery in announced()}
    assert found == {
        (own.pk, of_north.uuid),
        (operators.pk, of_north.uuid),
        (operators.pk, of_south.uuid),
        (others.pk, of_south.uuid),
    }
    assert not FileTask.objects.filter(announced_at=None).exists()


def test_what_ended_before_there_was_an_endpoint_is_not_told(asking: Asking, add: Add) -> None:
    completed(asking.admin)
    announced()
    add()
    assert announced() == []


def test_two_that_announce_at_once_tell_everything_once(asking: Asking, add: Add) -> None:
    add()
    tasks = {completed(asking.admin).uuid for _ in range(40)}
    now = database_now()
    together(*[lambda: announce_endings(now)] * 4)
    assert sorted(Delivery.objects.values_list("file_task_uuid", flat=True)) == sorted(tasks)


def test_an_announcement_that_breaks_off_is_made_up_for(
    asking: Asking, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tollbook.webhooks.services import announcing

    add()
    completed(asking.admin)

    def break_off(_: object) -> None:
        raise RuntimeError

    now = database_now()
    with monkeypatch.context() as broken:
        broken.setattr(announcing, "_make", break_off)
        with pytest.raises(RuntimeError):
            announce_endings(now)
    assert Delivery.objects.count() == 0
    assert len(announced()) == 1


def test_a_task_that_was_removed_before_it_was_told_is_not_told(asking: Asking, add: Add) -> None:
    add()
    delete_file_task(viewer=asking.admin, uuid=completed(asking.admin).uuid)
    assert announced() == []


def test_after_500_it_is_tried_again_with_the_same_id_and_body(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, secret = add()
    receiver.answers, receiver.body = [500, 503, 200], b"no room"
    completed(asking.admin)
    announced()
    before = database_now()
    assert deliver_due(endpoint.pk) == 1
    assert deliver_due(endpoint.pk) == 0
    delivery = only()
    assert before + timedelta(seconds=4) <= delivery.due_at <= database_now() + timedelta(seconds=6)
    make_due()
    deliver_due(endpoint.pk)
    make_due()
    deliver_due(endpoint.pk)

    assert only().status == DeliveryStatus.DELIVERED
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1
    assert len({message.body for message in receiver.messages}) == 1
    assert all(signed_with(secret, message) for message in receiver.messages)
    told = list(Attempt.objects.values_list("number", "response_status", "response_start"))
    assert told == [(1, 500, "no room"), (2, 503, "no room"), (3, 200, "no room")]
    assert Endpoint.objects.get().failures == 0


def test_a_receiver_that_is_silent_costs_the_time_out_and_is_tried_again(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()
    receiver.seconds = 3
    completed(asking.admin)
    announced()
    began = time.monotonic()
    deliver_due(endpoint.pk)
    assert time.monotonic() - began < 3
    (attempt,) = Attempt.objects.all()
    assert (attempt.response_status, attempt.error) == (None, "no answer within 1 s")
    found = Endpoint.objects.get()
    assert found.failures == 1
    assert found.rests_until is not None
    receiver.seconds = 0
    make_due()
    deliver_due(endpoint.pk)
    assert only().status == DeliveryStatus.DELIVERED


def test_what_a_receiver_asks_for_is_granted(asking: Asking, add: Add, receiver: Receiver) -> None:
    endpoint, _ = add()
    receiver.answers, receiver.headers = [429], {"Retry-After": "3600"}
    completed(asking.admin)
    announced()
    deliver_due(endpoint.pk)
    assert only().due_at > database_now() + timedelta(seconds=3_500)


def test_an_endpoint_that_is_gone_is_disabled(asking: Asking, add: Add, receiver: Receiver) -> None:
    endpoint, _ = add()
    receiver.answers = [410]
    completed(asking.admin)
    completed(asking.admin)
    announced()
    assert deliver_due(endpoint.pk) == 1
    found = Endpoint.objects.get()
    assert (found.enabled, found.disabled_reason) == (False, "It answered 410 Gone.")
    assert {delivery.status for delivery in Delivery.objects.all()} == {"Failed", "Pending"}
    with pytest.raises(Conflict):
        send_ping(viewer=asking.admin, endpoint_id=endpoint.pk, now=database_now())
    receiver.answers = [204]
    change_endpoint(
        viewer=asking.admin, endpoint_id=endpoint.pk, enabled=True, now=datetime.now(UTC)
    )
    assert deliver_due(endpoint.pk) == 1
    assert Endpoint.objects.get().disabled_reason == ""


def test_a_refused_message_does_not_stop_the_next(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()
    receiver.answers = [404, 204]
    completed(asking.admin)
    completed(asking.admin)
    announced()
    assert deliver_due(endpoint.pk) == 2
    assert Endpoint.objects.get().failures == 0
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["Delivered", "Pending"]


def test_after_four_days_a_message_is_given_up(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()
    receiver.answers = [500]
    completed(asking.admin)
    announced()
    Delivery.objects.update(give_up_at=database_now() + timedelta(seconds=1))
    deliver_due(endpoint.pk)
    assert only().status == DeliveryStatus.FAILED
    assert only().settled_at is not None


def test_what_nobody_could_try_in_four_days_is_given_up_too(asking: Asking, add: Add) -> None:
    endpoint, _ = add()
    completed(asking.admin)
    announced()
    Endpoint.objects.update(enabled=False)
    wake_senders(database_now() + TRIED_FOR + timedelta(minutes=1))
    assert only(endpoint=endpoint).status == DeliveryStatus.FAILED


def test_a_message_is_delivered_again_under_its_id(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()
    completed(asking.admin)
    announced()
    deliver_due(endpoint.pk)
    told = {"viewer": asking.admin, "endpoint_id": endpoint.pk, "now": database_now()}
    redeliver(delivery_id=only().pk, **told)
    deliver_due(endpoint.pk)
    assert [message.headers["webhook-id"] for message in receiver.messages] == [str(only().pk)] * 2
    assert list(only().attempts.values_list("number", flat=True)) == [1, 2]


def test_a_ping_is_sent_at_once_even_where_the_endpoint_rests(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, secret = add(events=[Event.IMPORT_FAILED])
    Endpoint.objects.update(rests_until=database_now() + timedelta(hours=1), failures=9)
    send_ping(viewer=asking.admin, endpoint_id=endpoint.pk, now=database_now())
    assert deliver_due(endpoint.pk) == 1
    (message,) = receiver.messages
    assert message.json["type"] == "ping"
    assert message.json["data"] == {"webhook_id": endpoint.pk}
    assert signed_with(secret, message)


def test_for_a_day_after_a_rotation_both_secrets_hold(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, old = add()
    told = {"viewer": asking.admin, "endpoint_id": endpoint.pk}
    _, new = rotate_secret(**told, now=database_now())
    send_ping(**told, now=database_now())
    deliver_due(endpoint.pk)
    Endpoint.objects.update(old_until=database_now() - timedelta(seconds=1))
    send_ping(**told, now=database_now())
    deliver_due(endpoint.pk)
    first, second = receiver.messages
    assert (signed_with(old, first), signed_with(new, first)) == (True, True)
    assert (signed_with(old, second), signed_with(new, second)) == (False, True)


def test_a_server_with_another_secret_key_sends_nothing_and_says_so(
    asking: Asking, add: Add, receiver: Receiver, settings: Settings
) -> None:
    endpoint, _ = add()
    completed(asking.admin)
    announced()
    settings.SECRET_KEY = "another"
    deliver_due(endpoint.pk)
    assert receiver.messages == []
    assert "rotate the secret" in Attempt.objects.get().error
    assert only().status == DeliveryStatus.PENDING


def test_a_resellers_endpoint_near_by_gets_nothing_where_that_is_not_allowed(
    asking: Asking, add: Add, receiver: Receiver, settings: Settings
) -> None:
    endpoint, _ = add()
    operators, _ = add(asking.operator)
    settings.WEBHOOK_PRIVATE = False
    completed(asking.admin)
    announced()
    deliver_due(endpoint.pk)
    assert receiver.messages == []
    assert "no public address" in Attempt.objects.get().error
    deliver_due(operators.pk)
    assert len(receiver.messages) == 1


def test_two_workers_never_send_to_one_endpoint_at_once(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()
    receiver.seconds = 0.05
    for _ in range(10):
        completed(asking.admin)
    announced()
    together(*[lambda: deliver_due(endpoint.pk)] * 4)
    while deliver_due(endpoint.pk):
        pass
    assert receiver.most_at_once == 1
    ids = [message.headers["webhook-id"] for message in receiver.messages]
    assert len(ids) == len(set(ids)) == 10
    assert Endpoint.objects.get().busy_until is None


def test_of_a_worker_that_died_while_sending_another_takes_over(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()
    completed(asking.admin)
    announced()
    soon = database_now() + timedelta(minutes=1)
    Delivery.objects.update(attempt=1, due_at=soon)
    Endpoint.objects.update(busy_until=soon)
    assert deliver_due(endpoint.pk) == 0
    past = database_now() - timedelta(seconds=1)
    Delivery.objects.update(due_at=past)
    Endpoint.objects.update(busy_until=past)
    assert deliver_due(endpoint.pk) == 1
    assert list(Attempt.objects.values_list("number", flat=True)) == [2]


def test_an_endpoint_removed_while_a_message_is_under_way_leaves_nothing(
    asking: Asking, add: Add, receiver: Receiver
) -> None:
    endpoint, _ = add()

    def remove() -> None:
        try:
            remove_endpoint(viewer=asking.admin, endpoint_id=endpoint.pk)
        finally:
            connection.close()

    receiver.before = remove
    completed(asking.admin)
    completed(asking.admin)
    announced()
    assert deliver_due(endpoint.pk) == 1
    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()
    assert not Attempt.objects.exists()


def test_an_endpoint_that_is_removed_while_others_announce_breaks_nothing(
    asking: Asking, add: Add
) -> None:
    kept, _ = add()
    doomed = [add()[0] for _ in range(10)]
    tasks = [completed(asking.admin).uuid for _ in range(10)]

    def remove_all() -> None:
        for endpoint in doomed:
            remove_endpoint(viewer=asking.admin, endpoint_id=endpoint.pk)

    together(remove_all, lambda: announce_endings(database_now()))
    announce_endings(database_now())
    assert sorted(kept.deliveries.values_list("file_task_uuid", flat=True)) == sorted(tasks)
    assert not Delivery.objects.exclude(endpoint=kept).exists()


@pytest.mark.long
def test_one_of_twenty_that_hangs_holds_up_no_other(
    asking: Asking, add: Add, receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 6
    with receiving(seconds=60) as hanging:
        stuck, _ = add(url=hanging.url)
        others = [add()[0] for _ in range(19)]
        for _ in range(3):
            completed(asking.admin)
        announced()
        began = time.monotonic()
        together(
            lambda: deliver_due(stuck.pk), *[lambda e=each: deliver_due(e.pk) for each in others]
        )
        assert time.monotonic() - began < 6 + 20
    assert Delivery.objects.filter(status="Delivered").count() == 57
    assert len(hanging.messages) == 1
    assert stuck.deliveries.filter(status="Pending").count() == 3
    rested = Endpoint.objects.get(pk=stuck.pk).rests_until
    assert rested is not None
    assert deliver_due(stuck.pk) == 0 or database_now() >= rested


def test_beat_wakes_whom_it_must_and_nobody_else(
    asking: Asking, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tollbook.webhooks.services import delivering

    woken: list[int] = []
    monkeypatch.setattr(delivering, "wake_sender", woken.append)
    ready, resting, busy, disabled, idle = (add()[0] for _ in range(5))
    completed(asking.admin)
    announced()
    soon = database_now() + timedelta(minutes=1)
    Endpoint.objects.filter(pk=resting.pk).update(rests_until=soon)
    Endpoint.objects.filter(pk=busy.pk).update(busy_until=soon)
    Endpoint.objects.filter(pk=disabled.pk).update(enabled=False)
    Delivery.objects.filter(endpoint=idle).update(due_at=soon)
    assert wake_senders(database_now()) == 1
    assert woken == [ready.pk]


def test_the_log_is_forgotten_after_its_time_but_not_what_is_pending(
    asking: Asking, add: Add, settings: Settings
) -> None:
    endpoint, _ = add()
    completed(asking.admin)
    announced()
    deliver_due(endpoint.pk)
    completed(asking.admin)
    announced()
    settings.LOG_DAYS = 30
    assert forget_deliveries(database_now() + timedelta(days=29)) == 0
    assert forget_deliveries(database_now() + timedelta(days=31)) == 1
    assert only().status == DeliveryStatus.PENDING
    assert not Attempt.objects.exists()


def test_long_notes_are_shortened(asking: Asking, add: Add, receiver: Receiver) -> None:
    endpoint, _ = add()
    task = submit(asking.admin)
    run_file_task(task.uuid, work=write_two_rows)
    notes = {"errors": [{"code": str(number)} for number in range(1_000)]}
    FileTask.objects.update(processing_notes=notes)
    announced()
    deliver_due(endpoint.pk)
    assert len(receiver.messages[0].json["data"]["processing_notes"]["errors"]) == 20


def test_resellers_of_a_webhook_stay(asking: Asking, add: Add) -> None:
    add()
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        Reseller.objects.get(company_name="North").delete()
