"""A Spark cluster of the test's own: a master, two workers and a server of Spark Connect."""

import os
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.outgrown.programs import Program, free_port, listens
from tests.patience import until

_WORKERS: Final = 2
_CORES: Final = 3
_DEFAULTS: Final[Mapping[str, str]] = {
    "spark.cores.max": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.executor.cores": "1",
    "spark.executor.memory": "512m",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
}
"""What whoever runs such a cluster writes into ``spark-defaults.conf``: a share for each driver."""


class Cluster:
    """Its processes, each of which knows no more than where the master is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._master, self._server = free_port(), free_port()
        (folder / "conf").mkdir()
        lines = [f"{name} {value}\n" for name, value in self._settings().items()]
        (folder / "conf" / "spark-defaults.conf").write_text("".join(lines))
        self._programs = list(self._made())

    @property
    def master_url(self) -> str:
        """``ENGINE_URL`` for a driver of its own in each worker process of Tollbook."""
        return f"spark://127.0.0.1:{self._master}"

    @property
    def connect_url(self) -> str:
        """``ENGINE_URL`` for one driver that all share."""
        return f"sc://127.0.0.1:{self._server}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What drivers must know to be reached by executors."""
        return {
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "PYSPARK_PYTHON": sys.executable,
        }

    def start(self) -> None:
        """Start all of it; returns when both addresses take connections."""
        master, *others = self._programs
        master.start()
        until(lambda: master.is_running() and listens(self._master), seconds=30, every=0.2)
        for each in others:
            each.start()
        connect = others[-1]
        until(lambda: connect.is_running() and listens(self._server), seconds=60, every=0.2)

    def stop(self) -> None:
        """End all of it."""
        for each in reversed(self._programs):
            each.kill()

    def said(self) -> str:
        """All that its processes and executors logged, and the events they recorded."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return "".join(file.read_text(errors="replace") for file in files)

    def _settings(self) -> Mapping[str, str]:
        events = self.folder / "events"
        events.mkdir()
        return {
            **_DEFAULTS,
            "spark.eventLog.enabled": "true",
            "spark.eventLog.compress": "false",
            "spark.eventLog.dir": events.as_uri(),
        }

    def _made(self) -> Iterator[Program]:
        home = _spark_home()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "SPARK_DAEMON_MEMORY": "640m",
            "SPARK_WORKER_DIR": str(self.folder / "work"),
            **self.environment,
        }
        own = ("--host", "127.0.0.1", "--webui-port", "0")
        run = str(home / "bin" / "spark-class")
        deploy = "org.apache.spark.deploy"
        master = (run, f"{deploy}.master.Master", *own, "--port", str(self._master))
        yield Program("master", master, environment, self.folder)
        for number in range(_WORKERS):
            worker = (run, f"{deploy}.worker.Worker", *own, "-c", str(_CORES), "-m", "2G")
            command = (*worker, self.master_url)
            yield Program(f"worker-{number}", command, environment, self.folder)
        served = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(self._server),
        }
        options = [part for name, value in served.items() for part in ("--conf", f"{name}={value}")]
        connect = (
            str(home / "bin" / "spark-submit"),
            *("--master", self.master_url, *options),
            *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
            *("--name", "connect", "spark-internal"),
        )
        yield Program("connect", connect, environment, self.folder)


def _spark_home() -> Path:
    found = find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent
