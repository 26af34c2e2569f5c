"""Workers that are killed between the end of work and the last word of it: somebody is told."""

from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from tests.faults.house import House, kill_tree
from tests.filetasks.asking import Asking, stored
from tests.patience import until
from tests.webhooks.receiver import Receiver, receiving, signed_with
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.selectors import database_now
from tollbook.webhooks.models import Delivery
from tollbook.webhooks.services import add_endpoint


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Receiver]:
    """A receiver near by, to which workers may send and for which they sign as this process."""
    settings.WEBHOOK_PRIVATE = True
    monkeypatch.setenv("TOLLBOOK_WEBHOOK_PRIVATE", "1")
    monkeypatch.setenv("TOLLBOOK_WEBHOOK_TIMEOUT_SECONDS", "1")
    monkeypatch.setenv("TOLLBOOK_SECRET_KEY", django_settings.SECRET_KEY)
    with receiving() as opened:
        yield opened


@pytest.mark.long
def test_a_worker_killed_as_its_work_ends_leaves_the_telling_to_others(
    house: House, asking: Asking, receiver: Receiver
) -> None:
    _, secret = add_endpoint(viewer=asking.admin, url=receiver.url, now=database_now())
    worker = house.start_worker()
    task = house.submit(asking.admin, batches=1, seconds=0.2)
    until(lambda: stored(task).status == TaskStatus.COMPLETED, every=0.001)
    kill_tree(worker)
    house.start_worker()
    house.start_beat()
    until(lambda: Delivery.objects.filter(status="Delivered").exists(), seconds=60)
    assert Delivery.objects.count() == 1
    assert {message.headers["webhook-id"] for message in receiver.messages} == {
        str(Delivery.objects.get().pk)
    }
    assert all(signed_with(secret, message) for message in receiver.messages)
    assert receiver.messages[0].json["data"]["uuid"] == str(task.uuid)


@pytest.mark.long
def test_a_worker_killed_while_it_sends_is_made_up_for_under_the_same_id(
    house: House, asking: Asking, receiver: Receiver
) -> None:
    add_endpoint(viewer=asking.admin, url=receiver.url, now=database_now())
    worker = house.start_worker()
    alive = True

    def kill_once() -> None:
        nonlocal alive
        if alive:
            alive = False
            kill_tree(worker)

    receiver.before = kill_once
    house.submit(asking.admin, batches=1, seconds=0)
    until(lambda: not alive)
    house.start_worker()
    house.start_beat()
    until(lambda: Delivery.objects.filter(status="Delivered").exists(), seconds=90)
    assert len(receiver.messages) == 2
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1
    assert len({message.body for message in receiver.messages}) == 1
    assert list(Delivery.objects.get().attempts.values_list("number", flat=True)) == [2]
