"""Running work: once, by whoever holds it, with an end that says what happened."""

import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from pytest_django import Settings

from tests.filetasks.asking import Asking, failing, stored, submit, write_two_rows
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_key, result_store
from tollbook.filetasks.rules import TRANSITIONS, TaskStatus, check_transition, statuses_before
from tollbook.filetasks.selectors import find_file_task, notes_on_wire
from tollbook.filetasks.services import (
    Progress,
    TaskOutcome,
    TaskStopped,
    cancel_file_task,
    delete_file_task,
    run_file_task,
    sweep_file_tasks,
)
from tollbook.kernel.errors import Conflict, InvalidInput
from tollbook.storage.files import StorageUnavailable


def _keys() -> list[str]:
    return result_store().keys("results")


def test_every_status_says_what_may_follow() -> None:
    assert set(TRANSITIONS) == set(TaskStatus)


@pytest.mark.parametrize("status", [status for status in TaskStatus if not TRANSITIONS[status]])
def test_what_is_finished_changes_no_more(status: TaskStatus, asking: Asking) -> None:
    task = submit(asking.admin)
    FileTask.objects.filter(pk=task.pk).update(status=status)

    run_file_task(task.uuid, work=failing(AssertionError("it ran")))
    with pytest.raises(Conflict):
        cancel_file_task(viewer=asking.admin, uuid=task.uuid, now=task.created_at)
    sweep_file_tasks(task.created_at + timedelta(days=400))

    assert stored(task).status == status


@pytest.mark.parametrize("before", TaskStatus)
@pytest.mark.parametrize("after", TaskStatus)
def test_only_what_the_table_says_may_follow(before: TaskStatus, after: TaskStatus) -> None:
    assert (before in statuses_before(after)) == (after in TRANSITIONS[before])
    if after in TRANSITIONS[before]:
        check_transition(before, after)
    else:
        with pytest.raises(ValueError, match="cannot become"):
            check_transition(before, after)


def test_finished_work_is_completed_with_its_result(asking: Asking) -> None:
    task = submit(asking.admin)
    run_file_task(task.uuid, work=write_two_rows)
    done = stored(task)
    assert done.status == TaskStatus.COMPLETED
    assert (done.attempt, done.result_rows, done.result_bytes) == (1, 2, 4)
    assert done.result_key == f"results/{task.uuid}/1.parquet"
    assert done.lease_expires_at is None
    assert done.finished_at
    assert done.result_expires_at
    assert done.result_expires_at - done.finished_at == timedelta(days=90)
    notes = notes_on_wire(find_file_task(asking.admin, task.uuid))
    assert notes["records_processed"] == notes["records_to_process"] == notes["rows"] == 2
    assert (notes["digest"], notes["data_version"]) == ("d" * 64, "7")
    assert (notes["errors"], notes["attempt"], notes["queue_position"]) == ([], 1, None)


def test_a_second_delivery_does_nothing(asking: Asking) -> None:
    task = submit(asking.admin)
    run_file_task(task.uuid, work=write_two_rows)
    before = stored(task)
    run_file_task(task.uuid, work=failing(AssertionError("it ran twice")))
    assert stored(task).updated_at == before.updated_at


def test_a_message_for_a_task_that_is_gone_does_nothing(asking: Asking) -> None:
    run_file_task(uuid4(), work=failing(AssertionError("it ran")))


def test_of_many_deliveries_at_once_one_runs(asking: Asking) -> None:
    task = submit(asking.admin)
    ran: list[int] = []
    start = threading.Barrier(6)

    def work(claimed: FileTask, progress: Progress) -> TaskOutcome:
        ran.append(claimed.attempt)
        return write_two_rows(claimed, progress)

    def deliver() -> None:
        from django.db import connection

        start.wait()
        run_file_task(task.uuid, work=work)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [1]
    assert stored(task).status == TaskStatus.COMPLETED


def test_a_full_storage_fails_at_once_and_says_so(asking: Asking) -> None:
    task = submit(asking.admin)
    run_file_task(task.uuid, work=failing(StorageUnavailable("full", code="storage_full")))
    failed = stored(task)
    assert (failed.status, failed.attempt) == (TaskStatus.FAILED, 1)
    [error] = failed.processing_notes["errors"]
    assert (error["code"], error["retryable"]) == ("storage_full", True)
    assert "full" in error["message"]
    assert _keys() == []


def test_a_plain_error_of_a_full_disk_is_understood_too(asking: Asking) -> None:
    task = submit(asking.admin)
    run_file_task(task.uuid, work=failing(OSError(28, "No space left on device")))
    assert stored(task).processing_notes["errors"][0]["code"] == "storage_full"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageUnavailable("read-only"), "storage_unavailable"),
        (OperationalError("server closed the connection"), "database_unavailable"),
    ],
)
def test_what_may_pass_is_tried_three_times(
    asking: Asking, now: datetime, error: Exception, code: str
) -> None:
    task = submit(asking.admin)
    work = failing(error, error, error)
    for _ in range(3):
        run_file_task(task.uuid, work=work)
        sweep_file_tasks(now)
    failed = stored(task)
    assert (failed.status, failed.attempt) == (TaskStatus.FAILED, 3)
    assert [note["attempt"] for note in failed.processing_notes["warnings"]] == [1, 2]
    assert [note["code"] for note in failed.processing_notes["errors"]] == [code]


def test_work_that_failed_once_completes_the_second_time(asking: Asking) -> None:
    task = submit(asking.admin)
    work = failing(StorageUnavailable("away"))
    run_file_task(task.uuid, work=work)
    assert stored(task).status == TaskStatus.PENDING
    assert stored(task).queued_at is None
    run_file_task(task.uuid, work=work)
    assert (stored(task).status, stored(task).attempt) == (TaskStatus.COMPLETED, 2)


def test_a_refusal_of_the_business_is_not_tried_again(asking: Asking) -> None:
    task = submit(asking.admin)
    run_file_task(task.uuid, work=failing(InvalidInput("no such month", field="month")))
    failed = stored(task)
    assert failed.status == TaskStatus.FAILED
    assert failed.processing_notes["errors"] == [
        {"code": "invalid", "message": "no such month", "retryable": False}
    ]


def test_the_unexpected_is_recorded_and_raised_and_kept_to_ourselves(asking: Asking) -> None:
    task = submit(asking.admin)
    secret = ZeroDivisionError("/srv/secret/path")
    work = failing(secret, secret, secret)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            run_file_task(task.uuid, work=work)
    failed = stored(task)
    assert failed.status == TaskStatus.FAILED
    [error] = failed.processing_notes["errors"]
    assert (error["code"], error["retryable"]) == ("internal", False)
    assert "secret" not in str(failed.processing_notes)


def test_progress_is_told_while_the_work_goes_on(asking: Asking) -> None:
    task = submit(asking.admin)

    def work(claimed: FileTask, progress: Progress) -> TaskOutcome:
        progress.report(done=1, total=2)
        _until(lambda: stored(claimed).processing_notes["records_processed"] == 1)
        assert stored(claimed).processing_notes["records_to_process"] == 2
        return write_two_rows(claimed, progress)

    run_file_task(task.uuid, work=work)
    assert stored(task).status == TaskStatus.COMPLETED


def test_the_lease_is_renewed_while_the_work_goes_on(asking: Asking, settings: Settings) -> None:
    settings.FILE_TASK_HEARTBEAT_SECONDS = 0.1
    task = submit(asking.admin)

    def work(claimed: FileTask, progress: Progress) -> TaskOutcome:
        first = stored(claimed).lease_expires_at
        assert first
        _until(lambda: (stored(claimed).lease_expires_at or first) > first)
        return write_two_rows(claimed, progress)

    run_file_task(task.uuid, work=work)
    assert stored(task).status == TaskStatus.COMPLETED


def _until_stopped(progress: Progress) -> None:
    """As a long work would: it looks between its batches."""
    waited = threading.Event()
    for _ in range(100):
        progress.check()
        waited.wait(0.05)
    raise AssertionError("nobody stopped the work")


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_work_that_is_cancelled_or_removed_stops_within_a_second(
    asking: Asking, now: datetime, end: str
) -> None:
    task = submit(asking.admin)
    seconds: list[float] = []

    def work(claimed: FileTask, progress: Progress) -> TaskOutcome:
        write_two_rows(claimed, progress)
        if end == "cancel":
            cancel_file_task(viewer=asking.admin, uuid=claimed.uuid, now=now)
        else:
            delete_file_task(viewer=asking.admin, uuid=claimed.uuid)
        began = datetime.now()  # noqa: DTZ005
        write_two_rows(claimed, progress)
        try:
            _until_stopped(progress)
        finally:
            seconds.append((datetime.now() - began).total_seconds())  # noqa: DTZ005
        raise AssertionError

    run_file_task(task.uuid, work=work)
    assert seconds[0] < 1
    assert _keys() == []
    left = list(FileTask.objects.values_list("status", flat=True))
    assert left == ([TaskStatus.CANCELLED] if end == "cancel" else [])


def test_work_that_lost_its_lease_stops_and_leaves_the_other_alone(
    asking: Asking, now: datetime
) -> None:
    task = submit(asking.admin)

    def slow(claimed: FileTask, progress: Progress) -> TaskOutcome:
        write_two_rows(claimed, progress)
        sweep_file_tasks(now + timedelta(hours=1))
        run_file_task(claimed.uuid, work=write_two_rows)
        _until_stopped(progress)
        raise AssertionError

    run_file_task(task.uuid, work=slow)
    done = stored(task)
    assert (done.status, done.attempt) == (TaskStatus.COMPLETED, 2)
    assert _keys() == [f"results/{task.uuid}/2.parquet"]


def test_a_result_that_comes_too_late_is_thrown_away(asking: Asking, now: datetime) -> None:
    task = submit(asking.admin)

    def late(claimed: FileTask, progress: Progress) -> TaskOutcome:
        sweep_file_tasks(now + timedelta(hours=1))
        run_file_task(claimed.uuid, work=write_two_rows)
        return write_two_rows(claimed, Progress())

    run_file_task(task.uuid, work=late)
    assert (stored(task).status, stored(task).attempt) == (TaskStatus.COMPLETED, 2)
    assert _keys() == [f"results/{task.uuid}/2.parquet"]


def test_half_a_file_of_a_killed_attempt_goes_when_the_next_one_ends(asking: Asking) -> None:
    task = submit(asking.admin)
    half = f"results/{task.uuid}/0.parquet.4711-ab.part"
    with result_store().writing(half) as file:
        file.write(b"half")
    run_file_task(task.uuid, work=write_two_rows)
    assert _keys() == [f"results/{task.uuid}/1.parquet"]


def test_a_pending_task_is_cancelled_before_it_ever_runs(asking: Asking, now: datetime) -> None:
    task = submit(asking.admin)
    cancelled = cancel_file_task(viewer=asking.admin, uuid=task.uuid, now=now)
    assert (cancelled.status, cancelled.finished_at) == (TaskStatus.CANCELLED, now)
    run_file_task(task.uuid, work=failing(AssertionError("it ran")))
    assert stored(task).status == TaskStatus.CANCELLED


@pytest.mark.parametrize("work", [write_two_rows, failing(InvalidInput("no"))])
def test_a_finished_task_cannot_be_cancelled(asking: Asking, now: datetime, work: object) -> None:
    task = submit(asking.admin)
    run_file_task(task.uuid, work=work)  # type: ignore[arg-type]
    status = stored(task).status
    with pytest.raises(Conflict, match=status):
        cancel_file_task(viewer=asking.admin, uuid=task.uuid, now=now)
    assert stored(task).status == status


def test_deleting_a_finished_task_removes_row_and_file(asking: Asking) -> None:
    task = submit(asking.admin)
    run_file_task(task.uuid, work=write_two_rows)
    assert _keys() == [result_key(stored(task))]
    delete_file_task(viewer=asking.admin, uuid=task.uuid)
    assert _keys() == []
    assert not FileTask.objects.exists()


def test_stopping_is_told_by_the_next_check() -> None:
    progress = Progress()
    progress.report(done=1)
    progress.stop()
    with pytest.raises(TaskStopped):
        progress.report(done=2)


def _until(condition: object) -> None:
    assert callable(condition)
    waited = threading.Event()
    for _ in range(100):
        if condition():
            return
        waited.wait(0.05)
    raise AssertionError("it never came to be")
