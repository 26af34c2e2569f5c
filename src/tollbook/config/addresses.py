"""The four addresses: what is embedded when they are empty, what they name when they are set."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tollbook.config.embedded_postgres.url import embedded_database_url
from tollbook.engine.address import check_engine_url
from tollbook.storage.address import check_storage_url

PGMQ_OPTIONS: Final[Mapping[str, Any]] = {
    "init_extension": False,
    "use_notify": True,
    "notify_throttle_interval_ms": 0,
    "wait_time_seconds": 0,
    "polling_interval": 0.1,
    "visibility_timeout": 600,
}
"""Without these kombu's ``pgmq`` transport stalls for seconds."""

NOBODY_ANSWERS: Final = "postgresql://tollbook@127.0.0.1:1/tollbook"
"""Stands for the embedded PostgreSQL as long as there is none."""

DATABASE_SCHEMES: Final = ("postgresql", "postgres")
LIVELINESS: Final[Mapping[str, Any]] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""A database that vanished without a word is noticed within half a minute, one lease."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30})://")

BROKER_SCHEMES: Final = ("pgmq", "amqp", "amqps", "redis", "rediss", "memory")


@dataclass(frozen=True)
class Addresses:
    """Where the ledger, the queue, the files and the engine are; never empty but the engine."""

    home: Path
    database_url: str
    broker_url: str
    storage_url: str
    engine_url: str


def read_addresses(environ: Mapping[str, str]) -> Addresses:
    """Take the addresses from ``environ``; empty ones name the embedded parts under the home."""
    home = Path(environ.get("TOLLBOOK_HOME") or "var").resolve()
    database_url = environ.get("DATABASE_URL") or embedded_database_url(home) or NOBODY_ANSWERS
    check_database_url(database_url)
    broker_url = environ.get("BROKER_URL") or _queue_in(database_url)
    check_broker_url(broker_url)
    check_storage_url(environ.get("STORAGE_URL") or "")
    check_engine_url(environ.get("ENGINE_URL") or "")
    return Addresses(
        home=home,
        database_url=database_url,
        broker_url=broker_url,
        storage_url=environ.get("STORAGE_URL") or "",
        engine_url=environ.get("ENGINE_URL") or "",
    )


def django_database(database_url: str) -> dict[str, Any]:
    """Django's form of a PostgreSQL address; parameters after ``?`` go to libpq."""
    given = conninfo_to_dict(database_url)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    database: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql"}
    database |= {theirs: given.pop(ours) for ours, theirs in names.items() if ours in given}
    database["PORT"] = str(given.pop("port", ""))
    database["OPTIONS"] = {"connect_timeout": 5, **LIVELINESS, **given}
    return database


def check_database_url(database_url: str) -> None:
    """Raise ``ValueError`` for a ledger that is no PostgreSQL, or an address libpq cannot read."""
    if _scheme_of(database_url) not in DATABASE_SCHEMES:
        raise ValueError(f"DATABASE_URL {_beginning(database_url)}; it takes postgresql://")
    try:
        conninfo_to_dict(database_url)
    except psycopg.ProgrammingError:
        raise ValueError(
            "DATABASE_URL cannot be read: it takes postgresql://user:password@host:port/name, and "
            "%40, %2F and the like for odd characters in a name or password"
        ) from None


def check_broker_url(broker_url: str) -> None:
    """Raise ``ValueError`` for a queue that Tollbook does not run on."""
    if _scheme_of(broker_url) not in BROKER_SCHEMES:
        known = ", ".join(f"{name}://" for name in BROKER_SCHEMES)
        raise ValueError(f"BROKER_URL {_beginning(broker_url)}; it takes {known}")


def _scheme_of(url: str) -> str:
    """What stands before ``://``; empty where nothing that could be a scheme does."""
    match = _SCHEME.match(url)
    return match[1].lower() if match else ""


def _beginning(url: str) -> str:
    """How an address begins, in words that hold no part of it that may be secret."""
    scheme = _scheme_of(url)
    return f"starts with {scheme}://" if scheme else "has no scheme such as postgresql://"


def _queue_in(database_url: str) -> str:
    parts = urlsplit(database_url)
    return urlunsplit(("pgmq", parts.netloc, parts.path, parts.query, ""))
