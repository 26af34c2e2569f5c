"""A schedule's moment: one run, one task, whoever looks and however often; nothing lost."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.reports.book import Book
from tests.schedules.conftest import CREATED, Plan
from tollbook.clients.models import Client, User
from tollbook.filetasks.models import FileTask
from tollbook.kernel.errors import Conflict, DomainError, Forbidden, InvalidFields
from tollbook.schedules.models import Run, Schedule
from tollbook.schedules.rules import request_id_of
from tollbook.schedules.services import (
    change_schedule,
    due_schedules,
    fire_schedule,
    remove_schedule,
    run_now,
)

FIRST = datetime(2026, 11, 1, 6, tzinfo=UTC)


def test_a_report_is_asked_for_at_its_moment_and_not_before(plan: Plan) -> None:
    schedule = plan()
    assert schedule.next_run_at == FIRST
    before = FIRST - timedelta(microseconds=1)
    assert due_schedules(before, at_most=9) == []
    assert fire_schedule(schedule.pk, now=before) is None
    late = FIRST + timedelta(seconds=13)
    assert due_schedules(late, at_most=9) == [schedule.pk]
    run = fire_schedule(schedule.pk, now=late)

    task = FileTask.objects.get()
    assert run is not None
    assert (run.fire_at, run.file_task_uuid, run.state) == (FIRST, task.uuid, "Pending")
    assert task.uuid == request_id_of(schedule.pk, FIRST)
    assert task.parameters == {
        "type": "ResellerExpenses",
        "date_from": "2026-10-01",
        "date_to": "2026-11-01",
    }
    assert task.user_id == schedule.user_id
    schedule.refresh_from_db()
    assert schedule.next_run_at == datetime(2026, 12, 1, 6, tzinfo=UTC)


def test_of_many_who_fire_at_once_one_does(plan: Plan) -> None:
    schedule = plan()
    found: list[Run | None] = []

    def fire() -> None:
        try:
            found.append(fire_schedule(schedule.pk, now=FIRST))
        finally:
            connection.close()

    threads = [threading.Thread(target=fire) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 8
    assert len([run for run in found if run is not None]) == 1
    assert (Run.objects.count(), FileTask.objects.count()) == (1, 1)


def test_what_breaks_off_while_firing_is_fired_whole_the_next_time(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = plan()
    with monkeypatch.context() as broken:
        broken.setattr(Run, "save", _break_off)
        with pytest.raises(RuntimeError):
            fire_schedule(schedule.pk, now=FIRST)
    assert (Run.objects.count(), FileTask.objects.count()) == (0, 0)
    assert fire_schedule(schedule.pk, now=FIRST) is not None
    assert (Run.objects.count(), FileTask.objects.count()) == (1, 1)


def _break_off(*_: Any, **__: Any) -> None:
    raise RuntimeError


def test_missed_moments_are_made_up_for_once_by_the_latest(plan: Plan) -> None:
    schedule = plan(cron="0 6 * * *")
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    run = fire_schedule(schedule.pk, now=now)
    assert run is not None
    assert run.fire_at == datetime(2026, 11, 28, 6, tzinfo=UTC)
    assert fire_schedule(schedule.pk, now=now) is None
    assert Run.objects.count() == 1


def test_the_words_go_by_the_calendar_of_the_zone(plan: Plan) -> None:
    schedule = plan(
        cron="30 0 * * *",
        time_zone="Europe/Oslo",
        parameters={"date_from": "{yesterday}", "date_to": "{today}"},
    )
    fire_schedule(schedule.pk, now=datetime(2026, 10, 21, 22, 30, tzinfo=UTC))
    parameters = FileTask.objects.get().parameters
    assert (parameters["date_from"], parameters["date_to"]) == ("2026-10-21", "2026-10-22")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_closing_is_asked_for_of_the_month_before(plan: Plan, dry_run: bool) -> None:
    parameters = {"dry_run": True} if dry_run else {}
    schedule = plan(name="close", kind="closing", template="", parameters=parameters)
    fire_schedule(schedule.pk, now=FIRST)
    task = FileTask.objects.get()
    assert task.task_type == "ClosingPeriod"
    assert task.parameters["month"] == "2026-10"
    assert task.parameters.get("dry_run", False) is dry_run


def test_an_operator_says_whose_month_is_closed(plan: Plan, book: Book) -> None:
    told = {"name": "close", "kind": "closing", "template": ""}
    north = book.admin.reseller_id
    schedule = plan(book.operator, **told, parameters={"reseller": north})
    fire_schedule(schedule.pk, now=FIRST)
    assert FileTask.objects.get().parameters["reseller"] == north
    with pytest.raises(InvalidFields) as refused:
        plan(book.operator, **{**told, "name": "other"}, parameters={})
    assert list(refused.value.errors) == ["parameters.reseller"]


def test_what_is_refused_at_its_moment_is_a_failed_run(plan: Plan, book: Book) -> None:
    schedule = plan(
        book.seller,
        parameters={"client_id": book.fjord.pk, "date_from": "{today}", "date_to": "{tomorrow}"},
    )
    Client.objects.filter(pk=book.fjord.pk).update(seller=None)
    run = fire_schedule(schedule.pk, now=FIRST)
    assert run is not None
    assert run.state == "Failed"
    assert run.error.startswith("parameters.client_id: There is no client")
    assert run.settled_at == FIRST
    assert not FileTask.objects.exists()
    schedule.refresh_from_db()
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > FIRST


def test_who_is_not_active_any_more_gets_nothing(plan: Plan, book: Book) -> None:
    schedule = plan()
    User.objects.filter(pk=book.admin.user_id).update(is_active=False)
    run = fire_schedule(schedule.pk, now=FIRST)
    assert run is not None
    assert run.error == "The user of this schedule is not active any more."


def test_a_schedule_that_is_not_enabled_or_gone_does_not_fire(plan: Plan, book: Book) -> None:
    resting, gone = plan(enabled=False), plan(name="gone")
    assert resting.next_run_at is None
    remove_schedule(viewer=book.admin, schedule_id=gone.pk)
    assert due_schedules(FIRST, at_most=9) == []
    assert fire_schedule(resting.pk, now=FIRST) is fire_schedule(gone.pk, now=FIRST) is None


def test_a_run_by_hand_leaves_the_times_alone(plan: Plan, book: Book) -> None:
    schedule = plan(enabled=False)
    run = run_now(viewer=book.admin, schedule_id=schedule.pk, now=CREATED)
    assert (run.by_hand, run.state, run.fire_at) == (True, "Pending", CREATED)
    assert Schedule.objects.get().next_run_at is None


def test_a_change_of_times_counts_from_now(plan: Plan, book: Book) -> None:
    schedule = plan()
    now = datetime(2026, 10, 25, tzinfo=UTC)
    told = {"viewer": book.admin, "schedule_id": schedule.pk, "now": now}
    changed = change_schedule(**told, changes={"cron": "0 0 * * *", "time_zone": "Europe/Oslo"})
    assert changed.next_run_at == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert change_schedule(**told, changes={"enabled": False}).next_run_at is None
    assert change_schedule(**told, changes={"enabled": True}).next_run_at == changed.next_run_at


def test_an_admins_change_is_checked_with_the_sight_of_the_schedules_user(
    plan: Plan, book: Book
) -> None:
    schedule = plan(book.seller)
    unseen = {
        "parameters": {"date_from": "{today}", "date_to": "{today}", "client_id": book.brook.pk}
    }
    with pytest.raises(InvalidFields) as refused:
        change_schedule(viewer=book.admin, schedule_id=schedule.pk, changes=unseen, now=CREATED)
    assert list(refused.value.errors) == ["parameters.client_id"]


def test_who_may_schedule_what(plan: Plan, book: Book) -> None:
    closing = {"name": "close", "kind": "closing", "template": "", "parameters": {}}
    with pytest.raises(Forbidden):
        plan(book.client)
    with pytest.raises(Forbidden):
        plan(book.seller, **closing)
    plan(book.seller)
    with pytest.raises(InvalidFields):
        plan(book.admin)
    plan(book.stranger)


def test_there_are_not_too_many(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    from tollbook.schedules.services import keeping

    monkeypatch.setattr(keeping, "MOST_SCHEDULES", 1)
    plan()
    with pytest.raises(Conflict):
        plan(name="other")


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        ({"name": "a/b"}, ["name"]),
        ({"name": ".."}, ["name"]),
        ({"name": "x" * 65}, ["name"]),
        ({"cron": "x", "time_zone": "y", "name": ""}, ["name", "time_zone"]),
        ({"cron": "0 0 30 2 *"}, ["cron"]),
        ({"template": ""}, ["template_code"]),
        ({"template": "Nothing"}, ["template_code"]),
        ({"parameters": {"date_from": "{now}", "date_to": "{today}"}}, ["parameters.date_from"]),
        ({"parameters": {"date_from": "{today}", "date_to": "{yesterday}"}},
         ["parameters.date_from"]),
        ({"parameters": {}}, ["parameters.date_from", "parameters.date_to"]),
        ({"kind": "closing"}, ["template_code"]),
        ({"kind": "closing", "template": "", "parameters": {"month": "2026-10"}},
         ["parameters.month"]),
        ({"kind": "closing", "template": "", "parameters": {"dry_run": "yes"}},
         ["parameters.dry_run"]),
        ({"target": "webhook"}, ["webhook_id"]),
        ({"target": "webhook", "endpoint_id": 2_000_000_000}, ["webhook_id"]),
        ({"target": "webhook", "format": "csv"}, ["format", "webhook_id"]),
        ({"target": "webhook", "keep_days": 3}, ["keep_days", "webhook_id"]),
        ({"endpoint_id": 1}, ["webhook_id"]),
        ({"format": "pdf"}, ["format"]),
        ({"keep_days": 4_000}, ["keep_days"]),
    ],
)  # fmt: skip
def test_what_cannot_be_a_schedule_is_named(
    plan: Plan, told: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(DomainError) as refused:
        plan(**told)
    assert isinstance(refused.value, InvalidFields)
    assert sorted(refused.value.errors) == sorted(fields)
    assert not Schedule.objects.exists()
