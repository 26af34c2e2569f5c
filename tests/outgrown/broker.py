"""A RabbitMQ of the test's own, which it may kill without harm to others."""

import os
import shutil
from pathlib import Path
from typing import Final

from kombu import Connection

from tests.outgrown.programs import Program, free_port, listens
from tests.patience import until

_PLACES: Final = ("/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin")
"""Before the path: what Debian puts there serves only the machine's own broker."""


def broker_programs() -> tuple[str, str] | None:
    """RabbitMQ's server and Erlang's port mapper, where both are installed."""
    server = shutil.which("rabbitmq-server", path=os.pathsep.join((*_PLACES, os.environ["PATH"])))
    mapper = shutil.which("epmd")
    return (server, mapper) if server and mapper else None


class Broker:
    """A node with ports, files and a port mapper of its own."""

    def __init__(self, folder: Path, programs: tuple[str, str]) -> None:
        server, mapper = programs
        self._port, mapper_port = free_port(), free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(mapper_port),
            "RABBITMQ_NODENAME": f"outgrown{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        (folder / "plugins").write_text("[].\n")
        self._mapper = Program(
            "epmd",
            (mapper, "-address", "127.0.0.1", "-port", str(mapper_port)),
            environment,
            folder,
        )
        self._mapper_port = mapper_port
        self._server = Program("rabbitmq", (server,), environment, folder)

    @property
    def url(self) -> str:
        """``BROKER_URL``."""
        return f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def start(self) -> None:
        """Start it with all that it has kept; returns when it takes messages."""
        if self._mapper.process is None:
            self._mapper.start()
            until(lambda: listens(self._mapper_port), seconds=5)
        self._server.start()
        until(self._takes_messages, seconds=30, every=0.2)

    def kill(self) -> None:
        """End the server in the middle of whatever it does."""
        self._server.kill()

    def stop(self) -> None:
        """End it for good."""
        self._server.kill()
        self._mapper.kill()

    def _takes_messages(self) -> bool:
        self._server.is_running()
        if not listens(self._port):
            return False
        try:
            with Connection(self.url, connect_timeout=5) as connection:
                connection.connect()
        except (OSError, ConnectionError):
            return False
        return True
