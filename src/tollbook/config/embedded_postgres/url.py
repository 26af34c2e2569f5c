"""The address of the embedded server: one private file, which also keeps its port and password."""

import os
import secrets
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

ROLE = "tollbook"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class ServerUrl:
    """Where the embedded server listens and the password that it takes."""

    password: str
    port: int

    def __str__(self) -> str:
        return f"postgresql://{ROLE}:{self.password}@{HOST}:{self.port}/{ROLE}"


def embedded_database_url(home: Path) -> str | None:
    """The address written down under ``home``, whether the server runs or not."""
    found = read_url(home)
    return None if found is None else str(found)


def read_url(home: Path) -> ServerUrl | None:
    """The address written down under ``home``; None where there is none that can be read."""
    try:
        parts = urlsplit(url_file(home).read_text().strip())
        return ServerUrl(parts.password, parts.port) if parts.password and parts.port else None
    except (FileNotFoundError, ValueError):
        return None


def write_url(home: Path, url: ServerUrl) -> None:
    """Replace the file at once, readable for its owner only."""
    path = url_file(home)
    fresh = path.with_name("url.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(f"{url}\n")
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(path)


def url_file(home: Path) -> Path:
    """The file that holds the address."""
    return home / "postgres" / "url"


def new_url() -> ServerUrl:
    """A new password and a port that is free now."""
    return ServerUrl(secrets.token_urlsafe(24), free_port())


def with_free_port(url: ServerUrl) -> ServerUrl:
    """The same address where its port is free, else one with another port."""
    return url if port_is_free(url.port) else replace(url, port=free_port())


def port_is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
