"""The four services, each one's own and real; passed over where one is missing and not required."""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.outgrown.broker import Broker, broker_programs
from tests.outgrown.cluster import Cluster
from tests.storage.conftest import s3_port, s3_url  # noqa: F401  # fixtures


@pytest.fixture(scope="session")
def _four_services() -> None:
    """Where services are required, a missing one is a failure and says which it is."""
    there = {
        "a PostgreSQL (DATABASE_URL)": os.environ["TOLLBOOK_TEST_LEDGER"] == "given",
        "RabbitMQ's programs": broker_programs(),
        "pyspark": find_spec("pyspark"),
        "Java": shutil.which("java"),
    }
    missing = " and ".join(name for name, found in there.items() if not found)
    if missing and os.environ.get("TOLLBOOK_REQUIRE_SERVICES") == "1":
        pytest.fail(f"services are required, and there is no {missing}")
    if missing:
        pytest.skip(f"nothing to outgrow to: no {missing}")


@pytest.fixture
def broker(_four_services: None, tmp_path: Path) -> Iterator[Broker]:
    """A RabbitMQ that nobody else uses."""
    folder = tmp_path / "rabbitmq"
    folder.mkdir()
    found = broker_programs()
    assert found is not None
    broker = Broker(folder, found)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def cluster(_four_services: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Spark cluster that nobody else uses."""
    cluster = Cluster(tmp_path_factory.mktemp("spark"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
