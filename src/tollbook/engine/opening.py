"""Which engine an address names."""

from collections.abc import Callable
from pathlib import Path

from tollbook.engine.address import check_engine_url
from tollbook.engine.duck import DuckEngine
from tollbook.engine.engine import Engine
from tollbook.engine.spark import SparkEngine


def open_engine(
    engine_url: str = "",
    *,
    spill_folder: Path | None = None,
    check: Callable[[], None] | None = None,
) -> Engine:
    """DuckDB in this process where ``engine_url`` is empty, else the Spark that it names.

    ``ValueError`` says what is wrong with the address, ``Unavailable`` who does not answer. A Spark
    session lasts as long as the process and is shared by all who open the same address. ``check``
    is called beside a query of DuckDB and breaks it off by raising.
    """
    check_engine_url(engine_url)
    if engine_url:
        return SparkEngine(engine_url)
    return DuckEngine(spill_folder=spill_folder, check=check)
