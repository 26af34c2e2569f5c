"""``tollbook operators``: who may use the admin site, and with which password."""

import sys

import click

from tollbook.cli.book import opened_book
from tollbook.cli.output import CommandFailed

_EMAIL = click.option("--email", required=True, help="The operator's e-mail address.")
_STDIN = click.option("--stdin", is_flag=True, help="Read the password from standard input.")


@click.group("operators", short_help="Let operators into the admin site")
def command() -> None:
    """Let operators into the admin site; needs the database, not the server."""


@command.command("new")
@_EMAIL
@_STDIN
def new(email: str, stdin: bool) -> None:
    """Register an operator with a password for the admin site."""
    given = _ask_password(from_stdin=stdin)
    with opened_book():
        from django.db import transaction  # noqa: PLC0415  Django must be ready

        from tollbook.clients.rules import Role  # noqa: PLC0415
        from tollbook.clients.services import register_user  # noqa: PLC0415
        from tollbook.console.services import set_operator_password  # noqa: PLC0415

        with transaction.atomic():
            register_user(email=email, role=Role.OPERATOR)
            set_operator_password(email=email, password=given)
        click.echo(f"{email} may use the admin site, under /admin/.", err=True)


@command.command("password")
@_EMAIL
@_STDIN
def password(email: str, stdin: bool) -> None:
    """Set an operator's password; open sessions on the admin site end."""
    given = _ask_password(from_stdin=stdin)
    with opened_book():
        from tollbook.console.services import (  # noqa: PLC0415  Django must be ready
            set_operator_password,
        )

        user = set_operator_password(email=email, password=given)
        click.echo(f"{user.email} may use the admin site, under /admin/.", err=True)


def _ask_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandFailed("no terminal to ask for the password: give it with --stdin")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
