"""A house of the test's own: ledger and queue are real, and so are the workers."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import kombu.pools
import pytest
from celery import Celery
from django.db import connection
from pytest_django import Settings

from tests.faults.house import House, target_of, through
from tests.faults.proxy import Proxy
from tests.filetasks.asking import Asking, people
from tollbook.config import celery as tollbook_celery
from tollbook.config import queue


@pytest.fixture
def asking(transactional_db: Any) -> Asking:
    """Two resellers' people, in the database."""
    return people()


@pytest.fixture
def house(transactional_db: Any, tmp_path: Path, settings: Settings) -> Iterator[House]:
    """Ledger of the test, queue of ``BROKER_URL`` or else in the ledger."""
    yield from _open(tmp_path, settings, _ledger_url(), _broker_url())


@pytest.fixture
def broker(transactional_db: Any) -> Iterator[Proxy]:
    """A proxy in front of the broker; ask for it together with ``house_behind_broker``."""
    yield from _running(Proxy(target_of(_broker_url())))


@pytest.fixture
def house_behind_broker(broker: Proxy, tmp_path: Path, settings: Settings) -> Iterator[House]:
    """A house that reaches its broker only through the proxy ``broker``."""
    url = through(_broker_url(), broker.port)
    yield from _open(tmp_path, settings, _ledger_url(), url)


@pytest.fixture
def ledger(transactional_db: Any) -> Iterator[Proxy]:
    """A proxy in front of PostgreSQL; ask for it together with ``house_behind_ledger``."""
    yield from _running(Proxy(target_of(_ledger_url())))


@pytest.fixture
def house_behind_ledger(ledger: Proxy, tmp_path: Path, settings: Settings) -> Iterator[House]:
    """A house whose workers reach PostgreSQL, and a queue in it, only through ``ledger``."""
    url = through(_ledger_url(), ledger.port)
    given = os.environ.get("BROKER_URL")
    yield from _open(tmp_path, settings, url, given or _queue_in(url))


def _open(home: Path, settings: Settings, ledger: str, broker: str) -> Iterator[House]:
    """A house, and this process as one of its web processes."""
    settings.TOLLBOOK_HOME = home
    settings.STORAGE_URL = ""
    settings.BROKER_URL = broker
    house = House(home, ledger, broker)
    queue.ensure_queue()
    app = Celery("house", set_as_current=True)
    app.conf.update(tollbook_celery.queue_settings(broker), task_default_queue=house.queue)
    try:
        yield house
    finally:
        house.stop()
        direct = _broker_url()
        options = queue.transport_options(direct)
        with app.connection_for_write(direct, transport_options=options) as connected:
            connected.default_channel.queue_delete(house.queue)
        app.close()
        kombu.pools.reset()
        tollbook_celery.app._after_fork()  # it makes new pools when it next sends
        tollbook_celery.app.set_current()


def _running(proxy: Proxy) -> Iterator[Proxy]:
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


def _ledger_url() -> str:
    """The address of the database that pytest-django made."""
    name = connection.settings_dict["NAME"]
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _queue_in(ledger_url: str) -> str:
    return urlunsplit(urlsplit(ledger_url)._replace(scheme="pgmq"))


def _broker_url() -> str:
    return os.environ.get("BROKER_URL") or _queue_in(_ledger_url())
