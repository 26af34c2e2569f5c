"""Where results go: files with the bytes of a download, webhooks that are told, and their time."""

import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.reports.book import Book, add_expense
from tests.schedules.conftest import CREATED, Plan
from tests.webhooks.receiver import receiving, signed_with
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.opened import open_result
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.selectors import database_now
from tollbook.filetasks.services import cancel_file_task, delete_file_task, run_file_task
from tollbook.reports.renderers import RENDERERS, ReportFormat
from tollbook.reports.services import write_report
from tollbook.schedules.models import Run, Schedule
from tollbook.schedules.services import (
    ended_runs,
    expire_exports,
    fire_schedule,
    forget_runs,
    remove_schedule,
    settle_run,
)
from tollbook.storage.files import FileStore, StorageUnavailable
from tollbook.webhooks.models import Delivery
from tollbook.webhooks.services import add_endpoint, announce_endings, deliver_due, remove_endpoint

FIRST = datetime.fromisoformat("2026-11-01T06:00:00+00:00")


def fired(schedule: Schedule) -> Run:
    run = fire_schedule(schedule.pk, now=FIRST)
    assert run is not None
    Run.objects.update(due_at=CREATED)
    return run


def reported(run: Run) -> FileTask:
    assert run.file_task_uuid is not None
    run_file_task(run.file_task_uuid, work=write_report)
    return FileTask.objects.get(pk=run.file_task_uuid)


def stored(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


@pytest.mark.parametrize("form", list(ReportFormat))
def test_the_file_has_the_bytes_of_the_download(plan: Plan, book: Book, form: ReportFormat) -> None:
    add_expense(book, book.fjord, date(2026, 10, 3), "1234.500000000001")
    run = fired(plan(format=form))
    assert ended_runs(database_now(), at_most=9) == []
    task = reported(run)
    assert ended_runs(database_now(), at_most=9) == [run.pk]
    settle_run(run.pk)

    done = stored(run)
    assert (done.state, done.error) == ("Completed", "")
    key = f"exports/{book.admin.reseller_id}/monthly-expenses/20261101T060000Z.{form.value}"
    assert done.exported_key == key
    written = result_store().open(key).read()
    opened = open_result(book.admin, task.uuid, TaskType.REPORT, now=database_now())
    wanted = b"".join(RENDERERS[form].render(opened.result))
    opened.close()
    assert written == wanted
    assert done.exported_bytes == len(wanted)
    assert done.exported_sha256 == hashlib.sha256(wanted).hexdigest()
    assert ended_runs(database_now() + timedelta(days=1), at_most=9) == []
    assert settle_run(run.pk) is None


def test_files_of_the_operator_are_apart(plan: Plan, book: Book) -> None:
    run = fired(plan(book.operator))
    reported(run)
    settle_run(run.pk)
    assert stored(run).exported_key.startswith("exports/operator/monthly-expenses/")


def test_a_webhook_is_told_even_where_it_does_not_listen_and_never_twice(
    plan: Plan, book: Book
) -> None:
    with receiving() as receiver:
        listening: list[Any] = []
        for events in (["import.failed"], None):
            told = {"url": receiver.url, "events": events, "now": CREATED}
            endpoint, secret = add_endpoint(viewer=book.admin, **told)
            listening.append((endpoint, secret))
            run = fired(plan(name=f"told-{endpoint.pk}", target="webhook", endpoint_id=endpoint.pk))
            task = reported(run)
            announce_endings(database_now())
            settle_run(run.pk)
            deliver_due(endpoint.pk)
            done = stored(run)
            assert done.state == "Completed"
            assert done.exported_key == ""
            delivery = Delivery.objects.get(endpoint=endpoint, file_task_uuid=task.uuid)
            assert done.delivery_id == delivery.pk
            message = receiver.messages[-1]
            assert signed_with(secret, message)
            assert message.json["data"]["uuid"] == str(task.uuid)
        assert len(receiver.messages) == 2


def test_a_task_that_failed_fails_the_run_and_the_webhook_is_told(plan: Plan, book: Book) -> None:
    from tests.filetasks.asking import failing
    from tollbook.kernel.errors import DomainError

    endpoint, _ = add_endpoint(viewer=book.admin, url="https://hooks.example/x", now=CREATED)
    run = fired(plan(target="webhook", endpoint_id=endpoint.pk))
    assert run.file_task_uuid is not None
    run_file_task(run.file_task_uuid, work=failing(DomainError("It cannot be.")))
    settle_run(run.pk)
    assert (stored(run).state, stored(run).error) == ("Failed", "It cannot be.")
    assert Delivery.objects.get().event == "report.failed"


def test_what_goes_on_the_way_fails_the_run_and_says_why(plan: Plan, book: Book) -> None:
    endpoint, _ = add_endpoint(viewer=book.admin, url="https://hooks.example/x", now=CREATED)
    cancelled, removed, unscheduled = (fired(plan(name=name)) for name in ("a", "b", "c"))
    untold = fired(plan(name="d", target="webhook", endpoint_id=endpoint.pk))
    for run in (cancelled, removed, unscheduled, untold):
        assert run.file_task_uuid is not None
        assert run.schedule_id is not None
    cancel_file_task(viewer=book.admin, uuid=cancelled.file_task_uuid, now=database_now())
    delete_file_task(viewer=book.admin, uuid=removed.file_task_uuid)
    remove_schedule(viewer=book.admin, schedule_id=unscheduled.schedule_id)
    remove_endpoint(viewer=book.admin, endpoint_id=endpoint.pk)
    for run in (unscheduled, untold):
        reported(run)
    told = {}
    for number in ended_runs(database_now(), at_most=9):
        settle_run(number)
        run = Run.objects.get(pk=number)
        assert run.state == "Failed"
        told[number] = run.error
    assert told == {
        cancelled.pk: "The task was cancelled.",
        removed.pk: "The task was removed.",
        unscheduled.pk: "The schedule was removed.",
        untold.pk: "The webhook was removed.",
    }


def test_a_storage_out_of_reach_is_tried_again_and_not_for_ever(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fired(plan())
    reported(run)

    def refuse(*_: Any) -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(FileStore, "writing", refuse)
        settle_run(run.pk)
        put_off = stored(run)
        assert put_off.state == "Pending"
        assert put_off.error == "The storage did not take the result yet."
        assert put_off.due_at > database_now() + timedelta(seconds=10)
        assert settle_run(run.pk) is None
        Run.objects.update(due_at=CREATED, tries=19)
        settle_run(run.pk)
    assert (stored(run).state, stored(run).tries) == ("Failed", 20)
    Run.objects.update(due_at=CREATED, tries=1, state="Pending", settled_at=None)
    settle_run(run.pk)
    assert stored(run).state == "Completed"
    assert stored(run).error == ""


def test_a_worker_that_died_with_the_result_is_made_up_for(plan: Plan) -> None:
    run = fired(plan())
    reported(run)
    soon = database_now() + timedelta(minutes=10)
    Run.objects.update(tries=1, due_at=soon)
    assert ended_runs(database_now(), at_most=9) == []
    Run.objects.update(due_at=CREATED)
    settle_run(run.pk)
    assert stored(run).state == "Completed"


@pytest.mark.parametrize(("keep_days", "kept"), [(None, 365), (7, 7)])
def test_files_are_removed_after_their_time_and_runs_later(
    plan: Plan, settings: Settings, tmp_path: Path, keep_days: int | None, kept: int
) -> None:
    run = fired(plan(keep_days=keep_days))
    reported(run)
    settle_run(run.pk)
    file = tmp_path / "storage" / stored(run).exported_key
    now = database_now()
    assert file.is_file()
    assert expire_exports(now + timedelta(days=kept, seconds=-10)) == 0
    assert file.is_file()
    settings.LOG_DAYS = 1
    assert forget_runs(now + timedelta(days=kept)) == 0
    assert expire_exports(now + timedelta(days=kept, seconds=10)) == 1
    assert not file.exists()
    assert stored(run).exported_key == ""
    assert stored(run).export_expires_at is not None
    assert forget_runs(now + timedelta(hours=23)) == 0
    assert forget_runs(now + timedelta(hours=25)) == 1


def test_files_of_a_schedule_that_was_removed_have_their_time_too(
    plan: Plan, book: Book, tmp_path: Path
) -> None:
    schedule = plan(keep_days=7)
    run = fired(schedule)
    reported(run)
    settle_run(run.pk)
    remove_schedule(viewer=book.admin, schedule_id=schedule.pk)
    file = tmp_path / "storage" / stored(run).exported_key
    assert file.is_file()
    assert expire_exports(database_now() + timedelta(days=8)) == 1
    assert not file.exists()
