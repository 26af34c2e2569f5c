"""Sessions of Spark: one for each address and process, exact, given back when nobody uses it."""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from threading import RLock, Timer
from typing import Any, Final

from tollbook.engine.address import CONNECT, place_of
from tollbook.kernel.errors import Unavailable

EXACT: Final[Mapping[str, str]] = {
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}
"""Without these an amount can lose digits, or become NULL, without an error."""

IDLE_SECONDS: Final = 30.0
"""How long a driver of ours keeps its share of a cluster after its last query."""

_ARROW: Final[Mapping[str, str]] = {
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
}
_QUIET: Final[Mapping[str, str]] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_LOOPBACK: Final[Mapping[str, str]] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_SMALL: Final[Mapping[str, str]] = {"spark.sql.shuffle.partitions": "4"}
"""Of a Spark on this machine alone; a cluster has its own."""

_NO_PANDAS: Final = "PySpark does not yet fully support pandas"
"""A warning at whatever goes as Arrow, though no pandas is asked for anything."""


@dataclass
class _Open:
    """A session, how many queries run in it, and what ends it when none has for a while."""

    session: Any
    users: int = 0
    ending: Timer | None = field(default=None, repr=False)


_lock: Final = RLock()
_open: Final[dict[str, _Open]] = {}


@contextmanager
def used_session(address: str) -> Iterator[Any]:
    """The session of the address, opened at the first need; it lasts for the block at least.

    A driver of this process gives its executors back ``IDLE_SECONDS`` after its last block, so that
    others on the cluster have their turn. A server of Spark Connect is its own master.
    """
    with _lock:
        kept = _open.get(address) or _keep(address)
        kept.users += 1
        if kept.ending is not None:
            kept.ending.cancel()
    try:
        yield kept.session
    finally:
        with _lock:
            kept.users -= 1
            if not kept.users and not address.startswith(CONNECT):
                kept.ending = Timer(IDLE_SECONDS, _end_if_idle, (address, kept))
                kept.ending.daemon = True
                kept.ending.start()


def end_session(address: str) -> None:
    """End the session of the address, if there is one."""
    with _lock:
        kept = _open.pop(address, None)
        if kept is not None:
            if kept.ending is not None:
                kept.ending.cancel()
            kept.session.stop()


def check_settings(session: Any) -> None:
    """Raise ``Unavailable`` where Spark would not say when it loses a digit."""
    for name, value in EXACT.items():
        found = session.conf.get(name)
        if found.lower() != value.lower():
            raise Unavailable(
                f"Spark has {name}={found}; rating needs {value}, so that no digit is lost: "
                "let the session set it"
            )


def _keep(address: str) -> _Open:
    _open[address] = _Open(_open_session(address))
    return _open[address]


def _end_if_idle(address: str, kept: _Open) -> None:
    with _lock:
        if _open.get(address) is kept and not kept.users:
            end_session(address)


def _open_session(address: str) -> Any:
    """A session with the settings that keep amounts exact; ``Unavailable`` where there is none."""
    sql = import_module("pyspark.sql")
    warnings.filterwarnings("ignore", message=_NO_PANDAS)
    builder = sql.SparkSession.builder.appName("tollbook")
    if address.startswith(CONNECT):
        builder = builder.remote(address)
    else:
        builder = builder.master(address).config(map=dict(_QUIET))
        if address.startswith("local"):
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            builder = builder.config(map={**_LOOPBACK, **_SMALL})
    try:
        session = builder.config(map={**EXACT, **_ARROW}).getOrCreate()
        for name, value in {**EXACT, **_ARROW}.items():
            session.conf.set(name, value)
    except Exception as error:
        raise Unavailable(
            f"no Spark answers at {place_of(address)}: {_first_line(error)}"
        ) from error
    check_settings(session)
    return session


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
