"""The group of all commands, the settings that they share, and how they end."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from tollbook import __version__
from tollbook.cli.output import INTERRUPTED, tell_error

_SETTINGS: Final = {
    "TOLLBOOK_HOME": "Folder of the embedded parts, logs and downloads; else var.",
    "DATABASE_URL": "PostgreSQL 15 or later; else embedded.",
    "BROKER_URL": "amqp:// or redis://; else in the database.",
    "STORAGE_URL": "s3:// or file://; else under the home.",
    "ENGINE_URL": "spark://host:7077 or sc://host:15002; else DuckDB.",
}

_COMMANDS: Final[Mapping[str, str]] = {
    "up": "up.command",
    "demo": "demo.command",
    "web": "serving.web",
    "worker": "serving.worker",
    "beat": "serving.beat",
    "migrate": "migrating.command",
    "keys": "keys.command",
    "operators": "operators.command",
    "rate": "rate.command",
    "report": "report.command",
    "verify": "verify.command",
    "import": "importing.command",
    "close": "close.command",
    "invoices": "invoices.command",
    "stop": "stop.command",
    "credits": "bonus_credits.command",
    "webhooks": "webhooks.command",
    "schedule": "schedule.command",
    "backup": "backup.backup",
    "restore": "backup.restore",
    "doctor": "doctor.command",
}
"""Where each command is: read when it is asked for, since some bring half the house with them."""


class _Commands(click.Group):
    """The commands of the table; each gets the shared options, and so do those in it."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All names, in the order of the alphabet."""
        return sorted(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, read now."""
        known = self.commands.get(cmd_name)
        if known is None and cmd_name in _COMMANDS:
            module, _, name = _COMMANDS[cmd_name].partition(".")
            known = getattr(import_module(f"tollbook.cli.{module}"), name)
            self.add_command(_with_shared_options(known), cmd_name)
        return known


def main() -> None:
    """Run a command; the exit status is 0 only when it worked."""
    try:
        status = cli.main(standalone_mode=False) or 0
    except (KeyboardInterrupt, click.Abort):
        status = INTERRUPTED
    except Exception as error:  # noqa: BLE001  the outermost place: one line, -v shows the rest
        status = tell_error(error, verbose=not {"-v", "--verbose"}.isdisjoint(sys.argv[1:]))
    sys.exit(status)


def _set(_ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    """A flag is the variable of its name, for this process and those that it starts."""
    if value is not None:
        place = str(Path(value).absolute()) if option.envvar == "TOLLBOOK_HOME" else value
        os.environ[str(option.envvar)] = place


def _shared_options(*, hidden: bool) -> list[click.Parameter]:
    """The settings and ``-v``, which stand before or after the name of a command."""
    settings = [
        click.Option(
            ["--" + name.removeprefix("TOLLBOOK_").lower().replace("_", "-")],
            envvar=name,
            expose_value=False,
            callback=_set,
            hidden=hidden,
            help=f"{text}  [{name}]",
        )
        for name, text in _SETTINGS.items()
    ]
    verbose = click.Option(
        ["-v", "--verbose"],
        is_flag=True,
        expose_value=False,
        hidden=hidden,
        help="Say all about an error.",
    )
    return [*settings, verbose]


@click.group(
    cls=_Commands,
    params=_shared_options(hidden=False),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def cli() -> None:
    """Tollbook: the billing back office of a company that resells cloud and CDN services."""


def _with_shared_options(command: click.Command) -> click.Command:
    """The command, which now takes the shared options, as do those in it."""
    inner = list(command.commands.values()) if isinstance(command, click.Group) else []
    for each in (command, *inner):
        each.params.extend(_shared_options(hidden=True))
    return command
