"""Sweeping and expiring: what stands still is healed, what is past its time goes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection

from tests.filetasks.asking import Asking, stored, submit, write_two_rows
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.selectors import database_now
from tollbook.filetasks.services import Swept, expire_results, run_file_task, sweep_file_tasks

NOTHING = Swept(0, 0, 0)


def _abandon(task: FileTask, *, attempt: int, now: datetime) -> None:
    FileTask.objects.filter(pk=task.pk).update(
        status=TaskStatus.IN_PROGRESS,
        attempt=attempt,
        lease_expires_at=now - timedelta(seconds=1),
    )


def test_fresh_tasks_are_left_alone(asking: Asking, now: datetime) -> None:
    submit(asking.admin)
    assert sweep_file_tasks(now) == NOTHING


def test_a_task_that_was_never_sent_is_sent_by_the_next_sweep(
    asking: Asking, now: datetime
) -> None:
    task = submit(asking.admin)
    FileTask.objects.update(queued_at=None)
    assert sweep_file_tasks(now) == Swept(0, 0, 1)
    assert stored(task).queued_at == now
    assert sweep_file_tasks(now) == NOTHING


def test_the_pause_between_messages_doubles_up_to_two_minutes(
    asking: Asking, now: datetime
) -> None:
    task = submit(asking.admin)
    born = stored(task).created_at
    sent = [
        second
        for second in range(0, 700, 5)
        if sweep_file_tasks(born + timedelta(seconds=second)).sent
    ]
    assert sent == [30, 60, 120, 240, 360, 480, 600]


def test_work_of_a_dead_worker_waits_again_and_says_so(asking: Asking, now: datetime) -> None:
    task = submit(asking.admin)
    _abandon(task, attempt=1, now=now)
    assert sweep_file_tasks(now) == Swept(1, 0, 1)
    found = stored(task)
    assert (found.status, found.attempt, found.lease_expires_at) == (TaskStatus.PENDING, 1, None)
    assert [note["code"] for note in found.processing_notes["warnings"]] == ["worker_lost"]
    run_file_task(task.uuid, work=write_two_rows)
    assert (stored(task).status, stored(task).attempt) == (TaskStatus.COMPLETED, 2)


def test_the_third_dead_worker_is_the_last(asking: Asking, now: datetime) -> None:
    task = submit(asking.admin)
    _abandon(task, attempt=3, now=now)
    half = f"results/{task.uuid}/3.parquet.4711-ab.part"
    with result_store().writing(half) as file:
        file.write(b"half")
    assert sweep_file_tasks(now) == Swept(0, 1, 0)
    found = stored(task)
    assert (found.status, found.finished_at) == (TaskStatus.FAILED, now)
    assert found.processing_notes["errors"][0]["code"] == "worker_lost"
    assert result_store().keys("results") == []


def test_a_lease_that_holds_is_respected(asking: Asking, now: datetime) -> None:
    task = submit(asking.admin)
    _abandon(task, attempt=1, now=now + timedelta(minutes=1))
    assert sweep_file_tasks(now) == NOTHING


def test_two_sweepers_at_once_share_the_work(asking: Asking, now: datetime) -> None:
    tasks = [submit(asking.admin) for _ in range(40)]
    for task in tasks[:20]:
        _abandon(task, attempt=1, now=now)
    FileTask.objects.filter(pk__in=[task.pk for task in tasks[20:]]).update(queued_at=None)
    swept: list[Swept] = []

    def sweep() -> None:
        try:
            swept.append(sweep_file_tasks(now))
        finally:
            connection.close()

    _at_once(sweep, 4)
    assert sum(each.taken_back for each in swept) == 20
    left = sweep_file_tasks(now).sent
    assert sum(each.sent for each in swept) + left == 40
    assert FileTask.objects.filter(status=TaskStatus.PENDING, queued_at=now).count() == 40


def test_expired_results_go_and_their_rows_stay(asking: Asking) -> None:
    old, fresh = submit(asking.admin), submit(asking.admin)
    for task in (old, fresh):
        run_file_task(task.uuid, work=write_two_rows)
    with result_store().writing(f"results/{old.uuid}/0123-copy.csv") as copy:
        copy.write(b"made for a download")
    past = database_now() - timedelta(days=1)
    FileTask.objects.filter(pk=old.pk).update(result_expires_at=past)
    assert expire_results(database_now()) == 1
    assert result_store().keys("results") == [stored(fresh).result_key]
    assert stored(old).status == TaskStatus.COMPLETED
    assert expire_results(database_now()) == 0


def test_files_of_a_ledger_that_shares_the_store_are_left_alone(
    asking: Asking, now: datetime
) -> None:
    key = f"results/{uuid4()}/1.parquet"
    with result_store().writing(key) as file:
        file.write(b"another's")
    assert expire_results(now + timedelta(days=4_000)) == 0
    assert result_store().keys("results") == [key]


def test_halves_that_nobody_writes_any_more_go(asking: Asking, now: datetime) -> None:
    half = f"results/{uuid4()}/1.parquet.77-0123abcd.part"
    with result_store().writing(half) as file:
        file.write(b"half a")
    expire_results(now)
    assert result_store().keys("results") == [half]
    expire_results(now + timedelta(days=2))
    assert result_store().keys("results") == []


def _at_once(action: Callable[[], None], count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(action) for _ in range(count)]:
            done.result()
