"""Workers that are killed, doubled, cancelled: every task ends once, and ends right."""

import os
import signal
from datetime import timedelta

import psutil
import pytest

from tests.faults.house import House, kill_tree
from tests.filetasks.asking import Asking, stored
from tests.patience import PATIENCE, until
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.queue import wake_workers
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.selectors import database_now


def ended(task: FileTask, status: TaskStatus = TaskStatus.COMPLETED) -> bool:
    found = stored(task)
    assert found.status in {TaskStatus.PENDING, TaskStatus.IN_PROGRESS, status}, (
        found.processing_notes
    )
    return found.status == status


def results_of(task: FileTask) -> list[str]:
    """The keys of what lies in the store for the task, but for copies, which can be made again."""
    keys = result_store().keys(f"results/{task.uuid}")
    return [key for key in keys if ".as-" not in key]


def test_work_of_a_killed_worker_is_completed_once_by_another(house: House, asking: Asking) -> None:
    undisturbed = house.submit(asking.admin, batches=20, seconds=0)
    first = house.start_worker()
    until(lambda: ended(undisturbed))
    task = house.submit(asking.admin, batches=20, seconds=0.1)
    until(lambda: bool(stored(task).processing_notes.get("records_processed")))
    kill_tree(first)
    house.start_worker()
    house.start_beat()
    until(lambda: ended(task), seconds=40)
    done = stored(task)
    assert (done.attempt, done.result_digest) == (2, stored(undisturbed).result_digest)
    assert [entry[:2] for entry in house.entries("ended")][1:] == [[str(task.uuid), "2"]]
    until(lambda: results_of(task) == [done.result_key])
    assert [note["code"] for note in done.processing_notes["warnings"]] == ["worker_lost"]


def test_a_killed_worker_leaves_no_process_behind(house: House, asking: Asking) -> None:
    worker = house.start_worker(slots=2)
    children = psutil.Process(worker.pid).children(recursive=True)
    task = house.submit(asking.admin, batches=600, seconds=0.1)
    until(lambda: bool(house.entries("began")))
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    until(lambda: not any(child.is_running() for child in children), seconds=2)
    assert stored(task).status == TaskStatus.IN_PROGRESS


@pytest.mark.long
def test_a_killed_process_of_a_worker_is_replaced_and_its_work_done_again(
    house: House, asking: Asking
) -> None:
    worker = house.start_worker()
    house.start_beat()
    task = house.submit(asking.admin, batches=20, seconds=0.1)
    until(lambda: bool(stored(task).processing_notes.get("records_processed")))
    os.kill(int(house.entries("began")[0][2]), signal.SIGKILL)
    until(lambda: ended(task), seconds=40)
    assert worker.poll() is None
    assert [entry[:2] for entry in house.entries("ended")] == [[str(task.uuid), "2"]]


def test_idle_processes_of_a_worker_that_are_killed_keep_no_work_from_the_others(
    house: House, asking: Asking
) -> None:
    """Of the worker as operators start it; it knows nothing of the slow work, but takes it."""
    worker = house.start_tollbook_worker(slots=2)
    for _ in range(2):
        before = psutil.Process(worker.pid).children()
        assert len(before) == 2
        for child in before:
            child.kill()
            until(lambda child=child: child not in psutil.Process(worker.pid).children())  # type: ignore[misc]
            until(lambda: len(psutil.Process(worker.pid).children()) == 2)
        task = house.submit(asking.admin, batches=2, seconds=0)
        until(lambda task=task: stored(task).attempt > 0, seconds=3)  # type: ignore[misc]
    assert worker.poll() is None


def test_cancelled_work_stops_within_a_second(house: House, asking: Asking) -> None:
    from datetime import UTC, datetime

    from tollbook.filetasks.services import cancel_file_task

    house.start_worker()
    task = house.submit(asking.admin, batches=600, seconds=0.05)
    until(lambda: bool(stored(task).processing_notes.get("records_processed")))
    cancel_file_task(viewer=asking.admin, uuid=task.uuid, now=datetime.now(UTC))
    after = house.submit(asking.admin, batches=1, seconds=0)
    assert until(lambda: ended(after)) < PATIENCE  # not all the 30 seconds
    assert stored(task).status == TaskStatus.CANCELLED
    assert house.entries("ended") == [house.entries("began")[1]]
    assert result_store().keys(f"results/{task.uuid}") == []


def test_a_message_that_comes_three_times_is_work_done_once(house: House, asking: Asking) -> None:
    task = house.submit(asking.admin, batches=5, seconds=0.1)
    wake_workers([task, task])
    house.start_worker(slots=2)
    until(lambda: ended(task))
    wake_workers([task])
    last = house.submit(asking.admin, batches=1, seconds=0)
    until(lambda: ended(last))
    assert len([entry for entry in house.entries("began") if entry[0] == str(task.uuid)]) == 1
    assert stored(task).attempt == 1


def test_fifty_tasks_at_once_on_two_workers_all_complete(house: House, asking: Asking) -> None:
    for _ in range(2):
        house.start_worker(slots=2)
    house.start_beat()
    tasks = [house.submit(asking.admin, batches=2, seconds=0.02) for _ in range(50)]
    until(lambda: all(ended(task) for task in tasks), seconds=60)
    began = house.entries("began")
    assert sorted(entry[0] for entry in began) == sorted(str(task.uuid) for task in tasks)
    assert len({entry[2] for entry in began}) > 2
    assert {stored(task).attempt for task in tasks} == {1}


@pytest.mark.long
def test_a_dead_workers_task_is_taken_back_while_every_slot_is_busy(
    house: House, asking: Asking
) -> None:
    house.start_worker()
    for _ in range(3):
        house.submit(asking.admin, batches=600, seconds=0.1)
    until(lambda: bool(house.entries("began")))
    lost = house.submit(asking.admin, batches=1, seconds=0)
    past = database_now() - timedelta(minutes=1)
    FileTask.objects.filter(pk=lost.pk).update(
        status=TaskStatus.IN_PROGRESS, attempt=1, lease_expires_at=past
    )
    house.start_beat()
    until(lambda: stored(lost).status == TaskStatus.PENDING, seconds=20)
    assert len(house.entries("began")) == 1
