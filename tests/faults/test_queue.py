"""Broker and ledger that go away and come back: nothing is lost, nobody waits for them."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from django.db import connections, transaction
from kombu import Connection
from kombu.message import Message
from pytest_django import Settings

from tests.faults.house import House
from tests.faults.proxy import Proxy
from tests.faults.test_workers import ended
from tests.filetasks.asking import Asking, stored
from tests.patience import PATIENCE, until
from tollbook.config.embedded_postgres import EmbeddedPostgres
from tollbook.config.queue import QUEUE, ensure_queue, transport_options
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus


def test_a_request_without_a_broker_is_taken_at_once_and_done_when_it_is_back(
    house_behind_broker: House, broker: Proxy, asking: Asking
) -> None:
    house = house_behind_broker
    house.start_worker()
    house.start_beat()
    before = house.submit(asking.admin, batches=1, seconds=0)
    until(lambda: ended(before))
    broker.stop()
    began = time.monotonic()
    task = house.submit(asking.admin, batches=1, seconds=0)
    assert time.monotonic() - began < 1.5 * PATIENCE
    assert (stored(task).status, stored(task).queued_at) == (TaskStatus.PENDING, None)
    broker.start()
    until(lambda: ended(task), seconds=40)
    assert stored(task).attempt == 1


def test_a_broker_that_does_not_answer_holds_no_request_up(
    house_behind_broker: House, broker: Proxy, asking: Asking
) -> None:
    house_behind_broker.submit(asking.admin, batches=1, seconds=0)
    broker.stop()
    broker.freeze()
    began = time.monotonic()
    task = house_behind_broker.submit(asking.admin, batches=1, seconds=0)
    assert time.monotonic() - began < 4 * PATIENCE
    assert stored(task).status == TaskStatus.PENDING


def test_a_connection_that_died_unseen_costs_a_request_nothing(
    house_behind_broker: House, broker: Proxy, asking: Asking
) -> None:
    house = house_behind_broker
    house.submit(asking.admin, batches=1, seconds=0)
    broker.stop()
    broker.start()
    task = house.submit(asking.admin, batches=1, seconds=0)
    assert stored(task).queued_at is not None
    house.start_worker()
    until(lambda: ended(task))


def test_a_broker_that_stops_during_the_work_costs_it_nothing(
    house_behind_broker: House, broker: Proxy, asking: Asking
) -> None:
    house = house_behind_broker
    house.start_worker()
    house.start_beat()
    task = house.submit(asking.admin, batches=30, seconds=0.1)
    until(lambda: bool(house.entries("began")))
    broker.stop()
    until(lambda: ended(task))
    broker.start()
    after = house.submit(asking.admin, batches=1, seconds=0)
    until(lambda: ended(after), seconds=40)
    assert (stored(task).attempt, len(house.entries("began"))) == (1, 2)


@pytest.mark.long
@pytest.mark.parametrize("ask_the_ledger", [True, False])
def test_work_goes_on_or_starts_over_when_the_ledger_drops_its_connections(
    house_behind_ledger: House, ledger: Proxy, asking: Asking, ask_the_ledger: bool
) -> None:
    house = house_behind_ledger
    house.start_worker()
    house.start_beat()
    task = house.submit(asking.admin, batches=25, seconds=0.1, ask_the_ledger=ask_the_ledger)
    until(lambda: bool(stored(task).processing_notes.get("records_processed")))
    ledger.stop()
    time.sleep(1)
    ledger.start()
    until(lambda: ended(task), seconds=40)
    assert stored(task).attempt == (2 if ask_the_ledger else 1)
    assert [entry[0] for entry in house.entries("ended")] == [str(task.uuid)]
    assert result_store().keys("results") == [stored(task).result_key]


@pytest.mark.long
def test_sweeping_goes_on_after_the_ledger_dropped_its_connections(
    house_behind_ledger: House, ledger: Proxy, asking: Asking
) -> None:
    house = house_behind_ledger
    house.start_worker()
    house.start_beat()
    first = _unsent(house, asking)
    until(lambda: ended(first))
    ledger.stop()
    time.sleep(1)
    ledger.start()
    task = _unsent(house, asking)
    until(lambda: ended(task), seconds=40)


def test_a_message_that_cannot_be_settled_gives_its_place_to_the_next(
    house_behind_ledger: House, ledger: Proxy, settings: Settings
) -> None:
    url = settings.BROKER_URL = house_behind_ledger.database_url.replace("postgresql:", "pgmq:", 1)
    ensure_queue()
    taken: list[Message] = []
    with Connection(url, transport_options=transport_options(url)) as connection:
        numbers = connection.SimpleQueue(house_behind_ledger.queue)
        for number in range(2):
            numbers.put(number)
        channel = connection.channel()
        channel.basic_qos(0, 1)
        queue = numbers.queue(channel)
        with connection.Consumer(queue, channel=channel, on_message=taken.append):
            until(lambda: _drained(connection, taken, 1))
            ledger.stop()
            taken[0].ack()
            ledger.start()
            until(lambda: _drained(connection, taken, 2))
        numbers.close()


def test_the_queue_is_made_once_by_any_number_at_once(
    fresh_database_url: str, settings: Settings
) -> None:
    settings.BROKER_URL = fresh_database_url.replace("postgresql:", "pgmq:", 1)
    with ThreadPoolExecutor(4) as pool:
        for made in [pool.submit(ensure_queue) for _ in range(4)]:
            made.result()
    with closing(psycopg.connect(fresh_database_url)) as connection:
        rows = connection.execute("SELECT queue_name FROM pgmq.list_queues()").fetchall()
    assert rows == [(QUEUE,)]


def test_the_queue_goes_to_its_own_address_whatever_the_environment_says(
    fresh_database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = settings.BROKER_URL = fresh_database_url.replace("postgresql:", "pgmq:", 1)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    ensure_queue()
    with Connection(url, transport_options=transport_options(url)) as connection:
        numbers = connection.SimpleQueue(QUEUE)
        numbers.put({"number": 1})
        assert numbers.get(timeout=5).payload == {"number": 1}
        numbers.close()


def test_the_embedded_server_is_stopped_and_started_under_the_worker(
    tmp_path: Path, settings: Settings
) -> None:
    server = EmbeddedPostgres(tmp_path)
    assert server.claim()
    try:
        address = server.start()
        house = House(tmp_path, address, address.replace("postgresql:", "pgmq:", 1))
        try:
            _restart_under(house, server)
        finally:
            house.stop()
    finally:
        server.stop()


def _restart_under(house: House, server: EmbeddedPostgres) -> None:
    house.run(
        "from django.core.management import call_command as c; c('migrate', verbosity=0)\n"
        "from tollbook.config.queue import ensure_queue; ensure_queue()"
    )
    worker, beat = house.start_worker(), house.start_beat()
    uuid = house.run(
        "from tollbook.config import celery\n"
        "from tests.filetasks.asking import people, submit\n"
        f"asked = {{'batches': 30, 'seconds': 0.1, 'diary': {str(house.diary)!r}}}\n"
        "asked['ask_the_ledger'] = True\n"
        "task = submit(people().admin, task_type='StopSubscriptions', parameters=asked)\n"
        "print(task.uuid)"
    ).strip()
    until(lambda: bool(house.entries("began")))
    server.stop()
    assert server.claim()
    time.sleep(1)
    assert server.start() == house.database_url
    with closing(psycopg.connect(house.database_url, autocommit=True)) as connection:
        until(lambda: _row(connection, uuid)[0] == "Completed", seconds=60)
        assert _row(connection, uuid)[1] == 2
    assert [entry[0] for entry in house.entries("ended")] == [uuid]
    assert worker.poll() is None
    assert beat.poll() is None


def _unsent(house: House, asking: Asking) -> FileTask:
    """A task whose message was lost, so that only a sweep can bring it to a worker."""
    with transaction.atomic():
        task = house.submit(asking.admin, batches=1, seconds=0)
        FileTask.objects.filter(pk=task.pk).update(queued_at=None)
        connections["default"].run_on_commit.clear()
    return task


def _drained(connection: Connection, taken: list[Message], wanted: int) -> bool:
    with suppress(TimeoutError, *connection.connection_errors):
        connection.drain_events(timeout=0.2)
    return len(taken) == wanted


def _row(connection: psycopg.Connection[tuple[str, int]], uuid: str) -> tuple[str, int]:
    table = FileTask._meta.db_table
    found = connection.execute(f"SELECT status, attempt FROM {table} WHERE uuid = %s", (uuid,))  # noqa: S608
    row = found.fetchone()
    assert row
    assert row[0] != "Failed"
    return row
