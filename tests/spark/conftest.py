"""A Spark of one machine with executors of their own, as on a cluster; passed over without it."""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

import pytest

from tollbook.engine.opening import open_engine
from tollbook.engine.spark import SparkEngine

_REQUIRED: Final = ("TOLLBOOK_REQUIRE_SERVICES", "TOLLBOOK_REQUIRE_SPARK")
NO_PANDAS: Final = "ignore:PySpark does not yet fully support pandas"
"""A warning at whatever goes as Arrow, though no pandas is asked for anything."""
ADDRESS: Final = "local-cluster[2,1,1024]"


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkEngine]:
    """The engine of ``local-cluster``; where Spark is required it must be there."""
    missing = [
        name
        for name, there in (("pyspark", find_spec("pyspark")), ("java", shutil.which("java")))
        if not there
    ]
    if missing:
        required = any(os.environ.get(name) == "1" for name in _REQUIRED)
        assert not required, f"Spark is required, and {' and '.join(missing)} is missing"
        pytest.skip(f"Spark cannot run here: no {' and no '.join(missing)}")
    engine = open_engine(ADDRESS)
    assert isinstance(engine, SparkEngine)
    yield engine
    engine.close()
