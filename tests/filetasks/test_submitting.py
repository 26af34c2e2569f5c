"""Recording work: once for each request id, whoever asks, whatever the broker does."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction

from tests.filetasks.asking import PARAMETERS, Asking, submit
from tollbook.clients.rules import MAY_WRITE
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.queue import TASK_NAMES
from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.filetasks.selectors import find_file_task, notes_on_wire, visible_file_tasks
from tollbook.filetasks.services import cancel_file_task, delete_file_task
from tollbook.kernel.errors import Conflict, Forbidden, NotFound


def test_every_type_of_work_has_a_queue_entry_point() -> None:
    assert set(TASK_NAMES) == set(TaskType)


def test_a_submitted_task_waits_and_tells_what_was_understood(asking: Asking) -> None:
    task = submit(asking.admin)
    assert task.status == TaskStatus.PENDING
    assert task.reseller_id == asking.admin.reseller_id
    assert notes_on_wire(task) == {
        "celery_group_id": None,
        "period": "2026-01-01/2026-02-01",
        "records_to_process": None,
        "errors": [],
        "warnings": [],
        "records_processed": 0,
        "rows": None,
        "attempt": 0,
        "queue_position": 1,
        "resolved_parameters": PARAMETERS,
        "digest": None,
        "data_version": None,
    }


def test_the_same_request_gives_the_same_task(asking: Asking) -> None:
    request_id = uuid4()
    first = submit(asking.admin, request_id=request_id)
    second = submit(asking.admin, request_id=request_id)
    assert first.uuid == second.uuid == request_id
    assert FileTask.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [{"template": "ResellerPlans"}, {"parameters": {}}, {"task_type": TaskType.IMPORT_DATA}],
)
def test_another_request_under_the_same_id_is_refused(
    asking: Asking, change: dict[str, object]
) -> None:
    request_id = uuid4()
    submit(asking.admin, request_id=request_id)
    with pytest.raises(Conflict):
        submit(asking.admin, request_id=request_id, **change)


def test_an_id_that_somebody_out_of_sight_uses_is_answered_with_a_task_of_ones_own(
    asking: Asking,
) -> None:
    request_id = uuid4()
    theirs = submit(asking.admin, request_id=request_id)

    for outsider in (asking.stranger, asking.seller):
        own = submit(outsider, request_id=request_id)
        again = submit(outsider, request_id=request_id)

        assert own.uuid == again.uuid != theirs.uuid
        assert own.user_id == outsider.user_id
        with pytest.raises(Conflict):
            submit(outsider, request_id=request_id, parameters={})
    assert FileTask.objects.count() == 3


def test_an_id_that_somebody_in_sight_uses_is_refused(asking: Asking) -> None:
    request_id = uuid4()
    submit(asking.seller, request_id=request_id)

    with pytest.raises(Conflict):
        submit(asking.admin, request_id=request_id)


def test_one_request_sent_eight_times_at_once_is_one_task(asking: Asking) -> None:
    request_id = uuid4()

    def ask(_: int) -> FileTask:
        try:
            return submit(asking.admin, request_id=request_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert {task.uuid for task in pool.map(ask, range(8))} == {request_id}
    assert FileTask.objects.count() == 1


def test_a_request_that_is_rolled_back_leaves_no_task(asking: Asking) -> None:
    with transaction.atomic():
        submit(asking.admin)
        transaction.set_rollback(True)
    assert not FileTask.objects.exists()


def test_a_client_may_neither_submit_nor_cancel_nor_delete(asking: Asking) -> None:
    task = submit(asking.admin)
    assert asking.client.role not in MAY_WRITE
    with pytest.raises(Forbidden):
        submit(asking.client)
    with pytest.raises(Forbidden):
        cancel_file_task(viewer=asking.client, uuid=task.uuid, now=task.created_at)
    with pytest.raises(Forbidden):
        delete_file_task(viewer=asking.client, uuid=task.uuid)


def test_everyone_sees_the_tasks_that_are_theirs(asking: Asking) -> None:
    tasks = {name: submit(getattr(asking, name)) for name in ("operator", "admin", "seller")}
    seen = {
        name: set(visible_file_tasks(getattr(asking, name)).values_list("pk", flat=True))
        for name in ("operator", "admin", "seller", "client", "stranger")
    }
    assert seen == {
        "operator": {task.pk for task in tasks.values()},
        "admin": {tasks["admin"].pk, tasks["seller"].pk},
        "seller": {tasks["seller"].pk},
        "client": set(),
        "stranger": set(),
    }
    with pytest.raises(NotFound):
        find_file_task(asking.stranger, tasks["admin"].uuid)


def test_the_queue_is_counted_over_all_and_only_for_those_who_wait(asking: Asking) -> None:
    tasks = [submit(asking.admin) for _ in range(3)]
    cancel_file_task(viewer=asking.admin, uuid=tasks[0].uuid, now=tasks[0].created_at)
    tasks.append(submit(asking.stranger))
    positions = [find_file_task(asking.operator, task.uuid).queue_position for task in tasks]
    assert positions == [None, 1, 2, 3]
