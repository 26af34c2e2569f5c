"""``tollbook migrate``: bring the tables of the book up to date."""

import click

from tollbook.cli.book import opened_book
from tollbook.cli.connection import json_option
from tollbook.cli.output import print_json, talk


@click.command("migrate", short_help="Bring the tables up to date")
@json_option
def command(as_json: bool) -> None:
    """Make the tables of a new book, or bring those of an older one up to date; safe to repeat."""
    with opened_book():
        count = migrate_book()
        if as_json:
            print_json({"applied": count})
            return
        talk().print(f"{count} migrations applied" if count else "The tables are up to date")


def migrate_book() -> int:
    """How many migrations were applied; also makes the queue's own tables. Needs Django ready."""
    from django.core.management import call_command  # noqa: PLC0415  Django must be ready
    from django.db import connections  # noqa: PLC0415  the same

    from tollbook.config.queue import ensure_queue  # noqa: PLC0415  Django must be ready

    waiting = list_unapplied()
    if waiting:
        call_command("migrate", verbosity=0, interactive=False)
    ensure_queue()
    connections.close_all()
    return len(waiting)


def list_unapplied() -> list[str]:
    """The migrations that this version brings and the book does not have yet, in order."""
    from django.db import connection  # noqa: PLC0415  Django must be ready
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415  the same

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def list_known() -> list[str]:
    """Every migration that this version knows."""
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415  Django must be ready

    return [f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations]


def list_applied() -> list[str]:
    """Every migration that the book has."""
    from django.db import connection  # noqa: PLC0415  Django must be ready
    from django.db.migrations.recorder import MigrationRecorder  # noqa: PLC0415  the same

    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)
