"""The group of all commands: each is read when it is asked for, and takes the shared options."""

import os
import subprocess
import sys

import click
import pytest

from tollbook.cli.main import _COMMANDS, cli

CONTEXT = click.Context(cli)
_LOADED = """
import sys
from tollbook.cli.main import cli
cli.get_command(None, sys.argv[1])
print(sorted({name.partition(".")[0] for name in sys.modules} & {"polars", "duckdb", "pyarrow"}))
"""


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_is_there_under_its_name(name: str) -> None:
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    assert command.name == name
    assert command is cli.get_command(CONTEXT, name)
    flags = [flag for option in command.params for flag in option.opts]
    assert flags.count("--verbose") == 1
    assert flags.count("--database-url") == 1


def test_what_is_no_command_is_none() -> None:
    assert cli.get_command(CONTEXT, "sell") is None


@pytest.mark.parametrize("name", ["report", "credits", "invoices", "keys", "stop", "import"])
def test_a_command_that_talks_to_a_server_does_not_bring_the_house_with_it(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _LOADED, name],
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "[]\n"
