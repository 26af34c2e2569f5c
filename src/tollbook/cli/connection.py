"""The server that client commands speak to: where it is and with which key."""

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from tollbook.cli.output import CommandFailed
from tollbook_client import Tollbook

_Command = TypeVar("_Command", bound=Callable[..., Any])

DEFAULT_PORT: Final = 8080


def server_options(command: _Command) -> _Command:
    """Give a command ``--url`` and ``--key``, which its ``connect(url, key)`` takes."""
    url = click.option("--url", envvar="TOLLBOOK_URL", help="The server's address.  [TOLLBOOK_URL]")
    key = click.option("--key", envvar="TOLLBOOK_KEY", help="An API key.  [TOLLBOOK_KEY]")
    return url(key(command))


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for a program to read."
)


def connect(url: str | None, key: str | None) -> Tollbook:
    """A client of the server; the local one where no address is given."""
    if not key:
        raise CommandFailed(
            "no key is given: make one with `tollbook keys new --email you@example.com`, "
            "then `export TOLLBOOK_KEY='…'` (or use --key)"
        )
    try:
        return Tollbook(url or _local_url(), key)
    except ValueError as error:
        raise CommandFailed(str(error)) from error


def _local_url() -> str:
    return f"http://127.0.0.1:{os.environ.get('TOLLBOOK_PORT') or DEFAULT_PORT}"
