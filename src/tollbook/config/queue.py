"""The queue's own needs: its tables where PostgreSQL is the broker, its options on each broker."""

import os
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES
from pgmq import get_embedded_install_sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tollbook.config.addresses import LIVELINESS, PGMQ_OPTIONS
from tollbook.kernel.errors import Unavailable

QUEUE: Final = os.environ.get("TOLLBOOK_QUEUE") or "tollbook"
"""Two Tollbooks on one broker need two names."""

CONNECT_SECONDS: Final = 1
"""How long a request may wait for a broker that does not answer; then the sweeper takes over."""

_OLDEST: Final = 150_000
_LOCK: Final = 0x746F6C6C
_PGMQ_FIELDS: Final = frozenset({"host", "port", "user", "password", "dbname"})
_PGMQ_DEFAULTS: Final = {
    **LIVELINESS,
    "dbname": "postgres",
    "connect_timeout": "2",
    "options": "-csynchronous_commit=off",
}
"""A message need not outlive a crash of the server, the row does; so nobody waits for a disk."""

_TIMEOUTS: Final = {
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": CONNECT_SECONDS,
    "visibility_timeout": 600,
}

TRANSPORT_ALIASES.update(
    pgmq="tollbook.config.pgmq_transport:Transport",
    redis="tollbook.config.redis_transport:Transport",
    rediss="tollbook.config.redis_transport:Transport",
)
"""kombu finds its code by the scheme of an address; here the schemes lead to what mends it."""


def ensure_queue() -> None:
    """Make the queue's tables where the broker is PostgreSQL; nothing happens the second time."""
    if urlsplit(settings.BROKER_URL).scheme != "pgmq":
        return
    with psycopg.connect(_dsn(settings.BROKER_URL), connect_timeout=5) as connection:
        if connection.info.server_version < _OLDEST:
            raise Unavailable("the queue needs PostgreSQL 15 or later")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if not _is_installed(connection):
            _install(connection)
        connection.execute("SELECT pgmq.create(%s)", (QUEUE,))
        connection.execute("SELECT pgmq.enable_notify_insert(%s, 0)", (QUEUE,))


def transport_options(broker_url: str) -> dict[str, Any]:
    """What kombu is told about the broker."""
    match urlsplit(broker_url).scheme:
        case "pgmq":
            return {
                **PGMQ_OPTIONS,
                "pool_timeout": CONNECT_SECONDS,
                "conn_string": _quoted_for_pgmq(broker_url),
            }
        case "redis" | "rediss":
            return dict(_TIMEOUTS)
        case "memory":
            return {"polling_interval": 0.02}
        case _:
            return {"confirm_publish": True}


def _is_installed(connection: psycopg.Connection[Any]) -> bool:
    found = connection.execute("SELECT to_regprocedure('pgmq.create(text)') IS NOT NULL").fetchone()
    return bool(found and found[0])


def _install(connection: psycopg.Connection[Any]) -> None:
    try:
        connection.execute(get_embedded_install_sql().encode())
    except psycopg.errors.InsufficientPrivilege as error:
        raise Unavailable(
            f"the queue's tables cannot be made ({error.diag.message_primary}): let the database's "
            "owner run this once, or set BROKER_URL to amqp:// or redis://"
        ) from error


def _dsn(broker_url: str) -> str:
    return urlunsplit(urlsplit(broker_url)._replace(scheme="postgresql"))


def _quoted_for_pgmq(broker_url: str) -> str:
    """The address for the ``pgmq`` client, which else takes ``DATABASE_URL`` of the environment.

    It reads five fields and writes them down again unquoted: so they come quoted, and what else
    the address says (``sslmode`` …) follows the name of the database.
    """
    given = {**_PGMQ_DEFAULTS, **conninfo_to_dict(_dsn(broker_url))}
    quoted = {name: _quoted(str(value)) for name, value in given.items()}
    fields = {name: value for name, value in quoted.items() if name in _PGMQ_FIELDS}
    others = [f"{name}={value}" for name, value in quoted.items() if name not in _PGMQ_FIELDS]
    return make_conninfo(**{**fields, "dbname": " ".join([quoted["dbname"], *others])})


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
